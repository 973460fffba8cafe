// The sums hold with rules over several rows, duplicates and versions too: each received row is trusted, a duplicate, or in quarantine, whatever is loaded,
// repaired, re-admitted, discarded and replayed in whatever order. accounting.test.ts does the same for held rows.
import { check, contract, rule, t, type ProjectDefinition } from "@millrace/core";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ledgerFaults } from "../load/ledger-integrity.ts";
import { newFolder, openStage, removeFolder, type OpenStage } from "../testing/embedded-stage.ts";
import { queueChannel, queueConnector, QueueSource } from "../testing/queue-connector.ts";

const Person = contract(
  "people",
  { id: t.int64().key(), mail: t.string(), v: t.int64().version(), age: t.int32().min(1) },
  [rule("one_mail", check.unique("mail"))],
);

interface Received {
  readonly id: number;
  readonly mail: string;
  readonly v: number;
  readonly age: number;
}

const person = fc.record({
  id: fc.integer({ min: 1, max: 3 }),
  mail: fc.constantFrom("a", "b", "c"),
  v: fc.integer({ min: 1, max: 3 }),
  age: fc.constantFrom(0, 20),
});
const id = fc.integer({ min: 1, max: 3 });
type Step =
  | { readonly kind: "load"; readonly rows: readonly Received[] }
  | { readonly kind: "fix" | "readmit" | "discard"; readonly id: number }
  | { readonly kind: "replay"; readonly pick: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.array(person, { minLength: 1, maxLength: 5 }).map((rows) => ({ kind: "load" as const, rows })),
  },
  { weight: 2, arbitrary: id.map((which) => ({ kind: "fix" as const, id: which })) },
  { weight: 2, arbitrary: id.map((which) => ({ kind: "readmit" as const, id: which })) },
  { weight: 1, arbitrary: id.map((which) => ({ kind: "discard" as const, id: which })) },
  { weight: 2, arbitrary: fc.nat().map((pick) => ({ kind: "replay" as const, pick })) },
);

let folder: string;
let stage: OpenStage;
let source: QueueSource;
let asked = 0;

beforeEach(() => {
  folder = newFolder();
});

afterEach(() => removeFolder(folder));

async function open(): Promise<void> {
  source = new QueueSource();
  const channels = [queueChannel({ domain: "shop", name: "in", contract: Person, write: "merge" })];
  const domain = { name: "shop", folder: "/shop", contracts: [Person], channels, models: [] };
  const project: ProjectDefinition = { config: { name: "shop" }, folder: "/shop", domains: [domain] };
  stage = await openStage(folder, project, { connectors: [queueConnector(new Map([["shop.in", source]]))] });
  await stage.platform.start({ live: false });
}

async function take(one: Step): Promise<void> {
  if (one.kind === "load") {
    source.push(...one.rows);
    expect((await stage.platform.runUntilIdle({})).errors).toEqual([]);
  } else if (one.kind === "replay") {
    const loads = (await stage.platform.batches({ limit: 1000 })).filter(({ kind }) => kind === "load");
    const chosen = loads[one.pick % Math.max(1, loads.length)];
    if (chosen !== undefined) await stage.platform.replay(chosen.batch);
  } else
    await stage.platform.quarantineAct({
      id: `s${(asked += 1)}`,
      kind: one.kind,
      selection: { table: "shop.people", where: `id = '${one.id}'` },
      ...(one.kind === "fix" ? { change: { kind: "values", set: { age: "30" } } } : {}),
      readmit: one.kind === "fix",
      by: "ann",
      reason: "property",
    });
}

/** Sums, by count and by key: no mail twice, and of each person the newest version that anything trusted brought. */
async function everythingAddsUp(received: readonly Received[]): Promise<void> {
  expect(await ledgerFaults(stage.parts.warehouse)).toEqual([]);
  const status = await stage.platform.status();
  const channel = status.channels.find((one) => one.channel === "shop.in");
  expect(Number(channel?.received)).toBe(received.length);
  const twice = "SELECT mail FROM shop.people GROUP BY mail HAVING count(*) > 1";
  expect(await stage.rows(twice)).toEqual([]);
  const places = await stage.rows(
    "SELECT batch, row_no, count(*) FROM millrace.quarantine GROUP BY ALL HAVING count(*) > 1",
  );
  expect(places).toEqual([]);
  // A person is in the table with a version that was received and is not waiting or discarded in every row that brought it.
  const unknown = await stage.rows(
    "SELECT p.id FROM shop.people AS p WHERE EXISTS (FROM millrace.quarantine AS q WHERE q.batch = p._batch AND q.row_no = p._row AND q.state IN ('open', 'held'))",
  );
  expect(unknown).toEqual([]);
  const people = (await stage.rows("SELECT id, mail, v FROM shop.people")) as (readonly [bigint, string, bigint])[];
  for (const [key, mail, v] of people)
    expect(received.some((one) => one.id === Number(key) && one.mail === mail && one.v === Number(v))).toBe(true);
}

it("counts and table are right after every step", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 8 }), async (steps) => {
      await open();
      const received: Received[] = [];
      try {
        for (const one of steps) {
          await take(one);
          if (one.kind === "load") received.push(...one.rows);
          await everythingAddsUp(received);
        }
      } finally {
        await stage.close();
        removeFolder(folder);
        folder = newFolder();
      }
    }),
    { numRuns: 6, endOnFailure: true, seed: 11 },
  );
}, 180_000);

it("a row that came before is a duplicate, in the batch and in the table", async () => {
  await open();
  const ann = { id: 1, mail: "a", v: 1, age: 20 };
  await take({ kind: "load", rows: [ann, ann] });
  await take({ kind: "load", rows: [ann, { ...ann, v: 2 }] });
  await everythingAddsUp([ann, ann, ann, { ...ann, v: 2 }]);
  const counts = "SELECT received, accepted, duplicate FROM millrace.ledger ORDER BY batch";
  expect(await stage.rows(counts)).toEqual([
    [2n, 1n, 1n],
    [2n, 1n, 1n],
  ]);
  await stage.close();
});
