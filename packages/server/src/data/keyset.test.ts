// Pages that follow each other: every row that was there from the start is visited exactly once, whatever comes in meanwhile, in any order asked for.
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openStage, type ServedStage } from "../testing/served-stage.ts";

let stage: ServedStage;

const labels = ["a", "b", null];
const thing = (at: number): object => ({
  label: labels[at % 3] ?? null,
  small: at % 4 === 0 ? null : at % 5,
  amount: ((at * 7) % 11).toFixed(3),
  flag: at % 2 === 0,
  moment: `2026-01-0${1 + (at % 3)}T00:00:00.00000${at % 2}Z`,
  raw: Buffer.from([at % 6]).toString("base64"),
});

beforeAll(async () => {
  stage = await openStage();
  await stage.load(
    "shop.things_in",
    Array.from({ length: 40 }, (_, at) => thing(at)),
  );
  await stage.load(
    "shop.orders_in",
    Array.from({ length: 25 }, (_, at) => ({ id: at, customer: at % 2 === 0 ? "x" : null, changed: 1 })),
  );
});

afterAll(() => stage.close());

interface Row {
  readonly _batch: number;
  readonly _row: number;
}

/** Follows the links from the first page to the end; calls `between` after each page. */
async function visit(url: string, between: () => Promise<void> = () => Promise.resolve()): Promise<Row[]> {
  const rows: Row[] = [];
  for (let next: string | undefined = url; next !== undefined;) {
    const answer = await stage.get(next);
    if (answer.status !== 200) throw new Error(answer.text);
    rows.push(...(answer.json as Row[]));
    if (rows.length > 1_000) throw new Error("the pages do not end");
    next = /<([^>]*)>; rel="next"/.exec(answer.headers["link"] ?? "")?.[1];
    await between();
  }
  return rows;
}

const terms = fc
  .uniqueArray(fc.constantFrom("label", "small", "amount", "flag", "moment", "raw", "_row"), { maxLength: 3 })
  .chain((names) =>
    fc.tuple(
      ...names.map((name) =>
        fc.constantFrom("", ".desc", ".asc.nullsfirst", ".desc.nullslast").map((how) => name + how),
      ),
    ),
  );

it("visits every row once in the order of one long page", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(terms, fc.integer({ min: 1, max: 17 }), async (order, limit) => {
      const asked = `/data/shop/things?select=_batch,_row${order.length === 0 ? "" : `&order=${order.join(",")}`}`;
      const whole = (await stage.get(`${asked}&limit=1000`)).json as Row[];
      expect(await visit(`${asked}&limit=${limit}`)).toEqual(whole);
    }),
    { numRuns: 40 },
  );
});

it("visits what was there once while rows come in before, behind and between", async () => {
  const before = (await stage.get("/data/shop/things?select=_batch,_row&limit=1000")).json as Row[];
  let at = 100;
  const visited = await visit("/data/shop/things?select=_batch,_row&order=amount.desc,small&limit=9", async () => {
    if (at < 103) await stage.load("shop.things_in", [thing((at += 1)), thing(at + 50)]);
  });
  const seen = visited.map(({ _batch, _row }) => `${_batch}/${_row}`);
  expect(new Set(seen).size).toBe(seen.length);
  for (const { _batch, _row } of before) expect(seen).toContain(`${_batch}/${_row}`);
});

it("visits a key once although its row is replaced meanwhile", async () => {
  let changed = 1;
  const visited = await visit("/data/shop/orders?select=id&limit=10", async () => {
    await stage.load("shop.orders_in", [{ id: 3, customer: "new", changed: (changed += 1) }]);
  });
  const ids = (visited as unknown as { id: number }[]).map(({ id }) => id);
  expect(ids).toEqual(Array.from({ length: 25 }, (_, at) => at));
});

it("refuses a cursor of another order, and one that was tampered with", async () => {
  const { headers } = await stage.get("/data/shop/things?select=_row&order=amount&limit=2");
  const after = /after=([^&>]*)/.exec(headers["link"] ?? "")?.[1] ?? "";
  expect((await stage.get(`/data/shop/things?order=small&after=${after}`)).status).toBe(400);
  const [mark] = JSON.parse(Buffer.from(after, "base64url").toString()) as string[];
  const forged = Buffer.from(JSON.stringify([mark, "1 OR 1=1", "1", "1"])).toString("base64url");
  const answer = await stage.get(`/data/shop/things?order=amount&after=${forged}`);
  expect([answer.status, answer.json]).toMatchObject([400, { code: "request-invalid" }]);
});
