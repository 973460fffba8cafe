// Merges in any order of arrival against a plain map, with the rows that left; and how long these are kept.
import { contract, keyColumns, replacedRowsKey, t, type LoadResult } from "@millrace/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ndjson, temporaryWarehouse, type TemporaryWarehouse } from "../testing/temporary-warehouse.ts";

const Versioned = contract("things", {
  region: t.string().key(),
  id: t.int32().key(),
  state: t.string(),
  at: t.int64().version(),
});
const Plain = contract("things", { region: t.string().key(), id: t.int32().key(), state: t.string(), at: t.int64() });

interface Thing {
  readonly region: string;
  readonly id: number;
  readonly state: string;
  readonly at: number;
}

interface Sent {
  readonly things: readonly Thing[];
  /** Order of receipt, which need not be that of the batches. */
  readonly seq: bigint;
  readonly keep: boolean;
}

let objects = 0;

function send(place: TemporaryWarehouse, definition: typeof Versioned, sent: Sent): Promise<LoadResult> {
  objects += 1;
  const text = sent.things.map((thing) => `${JSON.stringify(thing)}\n`).join("");
  const source = { kind: "objects" as const, format: ndjson, objects: [place.object(`${objects}`, text)] };
  const { seq: receivedSeq, keep: keepReplaced } = sent;
  return place.load({ contract: definition, write: "merge", source, receivedSeq, keepReplaced });
}

interface Stored extends Thing {
  readonly seq: bigint;
  readonly batch: bigint;
}

/** What a merge means, row by row; returns the rows that left. */
function mergeInto(rows: Map<string, Stored>, sent: Sent, batch: bigint, versioned: boolean): Stored[] {
  const winners = new Map<string, Stored>();
  for (const thing of sent.things) {
    const key = `${thing.region}/${thing.id}`;
    const seq = versioned ? BigInt(thing.at) : sent.seq;
    const before = winners.get(key);
    // Of equal versions the first stays, of rows without a version the last.
    if (before === undefined || seq > before.seq || (seq === before.seq && !versioned))
      winners.set(key, { ...thing, seq, batch });
  }
  const left: Stored[] = [];
  for (const [key, winner] of winners) {
    const there = rows.get(key);
    if (there !== undefined && (there.seq > winner.seq || (versioned && there.seq === winner.seq))) continue;
    if (there !== undefined) left.push(there);
    rows.set(key, winner);
  }
  return left;
}

const things = fc.array(
  fc.record({
    region: fc.constantFrom("n", "s"),
    id: fc.integer({ min: 1, max: 4 }),
    state: fc.constantFrom("x", "y", "z"),
    at: fc.integer({ min: 1, max: 6 }),
  }),
  { minLength: 1, maxLength: 6 },
);
const sequences = fc.array(fc.record({ things, seq: fc.bigInt({ min: 1n, max: 9n }), keep: fc.boolean() }), {
  minLength: 2,
  maxLength: 5,
});

function text({ region, id, state, at, seq, batch }: Stored): string {
  return [region, id, state, at, seq, batch].join(" ");
}

async function found(place: TemporaryWarehouse, relation: string): Promise<string[]> {
  const rows = await place.rows(`SELECT concat_ws(' ', region, id, state, "at", _seq, _batch) FROM ${relation}`);
  return rows.map(([row]) => row as string).sort();
}

test.each([
  ["by version", Versioned],
  ["by receipt", Plain],
] as const)("%s: the table, what was replaced and what is kept are those of a map", async (_name, definition) => {
  const versioned = definition === Versioned;
  const property = fc.asyncProperty(sequences, async (sequence) => {
    await using place = await temporaryWarehouse();
    const rows = new Map<string, Stored>();
    const kept: Stored[] = [];
    let rewrites = 0n;
    for (const [at, sent] of sequence.entries()) {
      const left = mergeInto(rows, sent, BigInt(at + 1), versioned);
      const result = await send(place, definition, sent);
      expect(result.replaced).toBe(BigInt(left.length));
      if (sent.keep) kept.push(...left);
      else if (left.length > 0) rewrites += 1n;
      expect(await found(place, "shop.things")).toEqual([...rows.values()].map(text).sort());
      expect((await place.warehouse.table("shop", "things"))?.rewrites).toBe(rewrites);
    }
    if (kept.length > 0)
      expect(await found(place, (await keptBy(place))?.relation ?? "")).toEqual(kept.map(text).sort());
    else expect(await keptBy(place)).toBeUndefined();
  });
  await fc.assert(property, { numRuns: 12 });
});

async function keptBy(place: TemporaryWarehouse): Promise<{ relation: string; since: string } | undefined> {
  const noted = await place.rows(
    `SELECT value FROM millrace.meta WHERE key = '${replacedRowsKey({ domain: "shop", name: "things" })}'`,
  );
  const value = noted[0]?.[0];
  return value === undefined ? undefined : (JSON.parse(value as string) as { relation: string; since: string });
}

const one = (state: string, seq: bigint): Sent => ({
  things: [{ region: "n", id: 1, state, at: Number(seq) }],
  seq,
  keep: true,
});

test("kept rows are bounded: beyond a million the older ones go, and it is noted since when they are complete", async () => {
  await using place = await temporaryWarehouse();
  await send(place, Plain, one("a", 1n));
  await send(place, Plain, one("b", 2n));
  const before = await keptBy(place);
  expect(before?.since).toBe("1");
  await place.warehouse.write(["shop.things"], (tx) =>
    tx.run(`INSERT INTO ${before?.relation ?? ""} (region, _replaced_by) SELECT 'old', 2 FROM range(1000000)`),
  );
  await send(place, Plain, one("c", 3n));
  expect((await keptBy(place))?.since).toBe("2");
  expect(await place.rows(`SELECT state, _replaced_by FROM ${before?.relation ?? ""}`)).toEqual([["b", 3n]]);
});

test("what is kept goes with the shape of the table and with the table", async () => {
  await using place = await temporaryWarehouse();
  await send(place, Plain, one("a", 1n));
  await send(place, Plain, one("b", 2n));
  const spec = { domain: "shop", name: "things", key: keyColumns(Plain) };
  const more = { name: "more", type: { kind: "string" as const }, required: false };
  await place.warehouse.write(["shop.things"], (tx) => tx.ensureTable({ ...spec, columns: [...Plain.columns, more] }));
  expect(await keptBy(place)).toBeUndefined();
  expect((await place.warehouse.table("shop", "things"))?.rewrites).toBe(1n);
  await place.warehouse.write(["shop.things"], (tx) => tx.dropTable("shop", "things"));
  expect(await place.rows("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'store'")).toEqual([]);
});
