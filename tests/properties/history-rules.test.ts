// Rules over history: what is usual is learned from earlier batches, by season and direction, and the same history gives the same verdict.
import { check, contract, rule, t, type ContractDefinition, type SetRuleDefinition } from "@millrace/core";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openVerdictStage, type VerdictStage } from "./verdict-stage.ts";

let stage: VerdictStage;
let tables = 0;
const hourMicros = 3_600_000_000n;
/** Monday, 2026-01-05 00:00 UTC. */
const startMicros = 1_767_571_200_000_000n;
const ways = [
  ["staged", 1],
  ["direct", 64 * 1024 * 1024],
] as const;

beforeAll(async () => {
  stage = await openVerdictStage();
});

afterAll(() => stage.close());

type Column = "n" | "s";

function made(...rules: readonly SetRuleDefinition<Column>[]): ContractDefinition {
  tables += 1;
  return contract(`past_${tables}`, { n: t.decimal(12, 2).optional().max(1_000_000), s: t.string().optional() }, rules);
}

interface Told {
  readonly state: readonly string[];
  readonly found: string;
}

/** Loads the rows as received so many hours after the start. */
async function at(
  table: ContractDefinition,
  hour: number,
  rows: readonly object[],
  bytes = 1,
  replaces?: readonly bigint[],
): Promise<Told> {
  const moment = { seq: startMicros + BigInt(hour) * hourMicros, ...(replaces === undefined ? {} : { replaces }) };
  await stage.judge(table, rows, bytes, "append", moment);
  const kept = await stage.warehouse.query(
    "SELECT state FROM millrace.rule_history WHERE table_name = ? AND batch = (SELECT max(batch) FROM millrace.rule_history WHERE table_name = ?) ORDER BY code, dimension",
    [table.name, table.name],
  );
  const results = await stage.warehouse.query(
    "SELECT found FROM millrace.rule_results WHERE table_name = ? AND severity = 'warn' AND batch = (SELECT max(batch) FROM millrace.rule_history WHERE table_name = ?)",
    [table.name, table.name],
  );
  return { state: kept.rows.map(([state]) => state as string), found: (results.rows[0]?.[0] ?? "") as string };
}

const rows = (count: number, n: number | string = 1, s = "a"): object[] =>
  Array.from({ length: count }, () => ({ n, s }));

test.each(ways)("%s: a figure is judged once it has enough points, and recorded when it warns", async (_way, bytes) => {
  const table = made(rule("usual", check.anomaly("mean", "n", { pointsMin: 5 })));
  for (const [hour, n] of [10, 11, 9, 10, 10].entries())
    expect((await at(table, hour, rows(2, n), bytes)).state).toEqual(["training"]);
  expect((await at(table, 5, rows(2, 11), bytes)).state).toEqual(["passes"]);
  const odd = await at(table, 6, [...rows(1, 200), { n: 5_000_000, s: "in quarantine, so not measured" }], bytes);
  expect(odd.state).toEqual(["fails"]);
  expect(odd.found).toBe("mean of n 200.0, usual 7.7761 to 12.2239 (6 points)");
  // One odd batch of the past does not widen what is usual.
  expect((await at(table, 7, rows(2, 200), bytes)).state).toEqual(["fails"]);
});

test.each([
  ["up", ["passes", "fails"]],
  ["down", ["fails", "passes"]],
  ["both", ["fails", "fails"]],
] as const)("direction %s", async (direction, expected) => {
  const table = made(rule("volume", check.volume({ direction, pointsMin: 3 })));
  for (const [hour, count] of [10, 11, 9, 10].entries()) await at(table, hour, rows(count));
  const fewer = await at(table, 4, rows(1));
  const more = await at(table, 5, rows(50));
  expect([fewer.state[0], more.state[0]]).toEqual(expected);
});

test.each(["hour", "weekday", "hourOfWeek"] as const)("season %s compares like with like", async (season) => {
  const table = made(rule("volume", check.volume({ season, pointsMin: 3, windowDays: 60 })));
  const week = 168;
  // Monday at 9 is busy, Tuesday at 15 is quiet.
  for (const before of [0, 1, 2]) {
    await at(table, before * week + 9, rows(100));
    await at(table, before * week + 39, rows(4));
  }
  expect((await at(table, 3 * week + 9, rows(98))).state).toEqual(["passes"]);
  expect((await at(table, 3 * week + 39, rows(98))).state).toEqual(["fails"]);
  expect((await at(table, 4 * week + 9, rows(4))).state).toEqual(["fails"]);
});

test("points before the window no longer count, and small changes never do", async () => {
  const table = made(rule("v", check.volume({ windowDays: 2, pointsMin: 3 })));
  for (const hour of [0, 1, 2, 3]) await at(table, hour, rows(100));
  expect((await at(table, 4, rows(104))).state).toEqual(["passes"]);
  expect((await at(table, 5, rows(106))).state).toEqual(["fails"]);
  expect((await at(table, 100, rows(500))).state).toEqual(["training"]);
});

test("quantiles may say what is usual instead", async () => {
  const table = made(rule("v", check.volume({ tail: 0.1, pointsMin: 5, changeMin: 0 })));
  for (const [hour, count] of [1, 2, 3, 4, 5, 6, 7, 8, 9, 100].entries()) await at(table, hour, rows(count));
  expect((await at(table, 10, rows(18))).state).toEqual(["passes"]);
  expect((await at(table, 11, rows(60))).state).toEqual(["fails"]);
});

test("rows are counted apart by value; a value that stays away counts 0, a new one does as declared", async () => {
  const table = made(
    rule("by", check.volume({ by: "s", first: "fail", pointsMin: 3, direction: "down" })),
    rule("lenient", check.volume({ by: "s", pointsMin: 3 })),
  );
  const usual = [...rows(10, 1, "a"), ...rows(20, 1, "b")];
  for (const hour of [0, 1, 2]) expect((await at(table, hour, usual)).state).toEqual(Array(4).fill("training"));
  expect((await at(table, 3, usual)).state).toEqual(Array(4).fill("passes"));
  const odd = await at(table, 4, [...rows(10, 1, "a"), ...rows(1, 1, "<c>")]);
  expect(odd.state).toEqual(["fails", "passes", "fails", "new", "passes", "fails"]);
  expect(odd.found).toBe("<c>: rows 1.0, never seen before; b: rows 0.0, usual 19.0 to 21.0 (4 points)");
});

test.each(ways)("%s: a rule that blocks refuses the batch and learns nothing from it", async (_way, bytes) => {
  const table = made(rule("whole", check.anomaly("nullShare", "s", { pointsMin: 3 }), { severity: "block" }));
  for (const hour of [0, 1, 2]) await at(table, hour, rows(10), bytes);
  await expect(at(table, 3, [...rows(5), { n: 1 }, { n: 2 }], bytes)).rejects.toMatchObject({
    code: "batch-blocked",
    message: expect.stringMatching(/set\.whole: nullShare of s 0\.2857, usual 0\.0 to 0\.0 \(3 points\)/),
  });
  const kept = await stage.warehouse.query("SELECT count(*) FROM millrace.rule_history WHERE table_name = ?", [
    table.name,
  ]);
  expect(kept.rows).toEqual([[3n]]);
});

test("a batch that is loaded again is judged by what was known when it came, and counts once", async () => {
  const table = made(rule("v", check.volume({ pointsMin: 3 })));
  for (const hour of [0, 1, 2]) await at(table, hour, rows(10));
  expect((await at(table, 3, rows(90))).state).toEqual(["fails"]);
  const seen = await stage.warehouse.query("SELECT max(batch) FROM millrace.rule_history WHERE table_name = ?", [
    table.name,
  ]);
  const replaced = seen.rows[0]?.[0] as bigint;
  for (const hour of [4, 5, 6, 7, 8, 9]) await at(table, hour, rows(90));
  const again = await at(table, 3, rows(90), 1, [replaced]);
  expect(again.state).toEqual(["fails"]);
  const kept = await stage.warehouse.query(
    "SELECT count(*), count(DISTINCT measured_at) FROM millrace.rule_history WHERE table_name = ?",
    [table.name],
  );
  expect(kept.rows).toEqual([[10n, 10n]]);
});

test("every figure is measured as it is meant", async () => {
  const names = [
    "count",
    "nullCount",
    "sum",
    "mean",
    "median",
    "min",
    "max",
    "stddev",
    "variance",
    "zeroShare",
  ] as const;
  const texts = [
    "distinct",
    "nullShare",
    "missingShare",
    "uniqueShare",
    "minLength",
    "meanLength",
    "maxLength",
  ] as const;
  const table = made(
    ...names.map((of) => rule(of, check.anomaly(of, "n"))),
    ...texts.map((of) => rule(of, check.anomaly(of, "s"))),
  );
  await at(table, 0, [{ n: 0, s: "a" }, { n: 2, s: "a" }, { n: 4, s: " N/A " }, { s: "😀b" }, { n: 6 }]);
  const found = await stage.warehouse.query("SELECT code, value FROM millrace.rule_history WHERE table_name = ?", [
    table.name,
  ]);
  const measured = Object.fromEntries(found.rows.map(([code, value]) => [(code as string).split(".").at(-1), value]));
  expect(measured).toEqual({
    count: 4,
    nullCount: 1,
    sum: 12,
    mean: 3,
    median: 3,
    min: 0,
    max: 6,
    stddev: expect.closeTo(2.582, 3),
    variance: expect.closeTo(6.667, 3),
    zeroShare: 0.25,
    distinct: 3,
    nullShare: 0.2,
    missingShare: 0.4,
    uniqueShare: 0.75,
    minLength: 1,
    meanLength: 2.25,
    maxLength: 5,
  });
});

test("floating values at the end of their range are measured without failing the batch", async () => {
  const table = contract("far_floats", { f: t.float() }, [
    rule("sum", check.anomaly("sum", "f")),
    rule("mean", check.anomaly("mean", "f")),
    rule("spread", check.anomaly("stddev", "f")),
  ]);
  const { counts } = await stage.judge(table, [{ f: 1e308 }, { f: 1.5e308 }, { f: -1e308 }], 1);
  expect(counts.accepted).toBe(3n);
});

test("the same history gives the same verdict, in both ways of loading", async () => {
  const counts = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 4, maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(counts, async (history) => {
      const verdicts: string[][] = [];
      for (const [, bytes] of ways) {
        const table = made(
          rule("v", check.volume({ pointsMin: 3 })),
          rule("m", check.anomaly("mean", "n", { pointsMin: 3 })),
        );
        const states: string[] = [];
        for (const [hour, count] of history.entries())
          states.push((await at(table, hour, rows(count + 1, count), bytes)).state.join());
        verdicts.push(states);
      }
      expect(verdicts[0]).toEqual(verdicts[1]);
    }),
    { numRuns: 4, seed: 3 },
  );
}, 60_000);

test.each([
  [() => made(rule("r", check.volume({ windowDays: 500 }))), "windowDays is a whole number from 1 to 400"],
  [() => made(rule("r", check.volume({ deviations: 0 }))), "deviations must be above 0"],
  [() => made(rule("r", check.volume({ tail: 0.5 }))), "tail stands from 0 to below 0.5"],
  [() => made(rule("r", check.volume({ tail: 0.1, deviations: 3 }))), "either deviations or tail"],
  [() => made(rule("r", check.volume({ per: "day", by: "s" }))), "counts by column only per batch"],
  [() => made(rule("r", check.volume({ per: "day" }), { severity: "block" })), "is judged by the clock"],
  [() => made(rule("r", check.arrival(), { severity: "reject" })), "knows no row to reject"],
  [() => made(rule("r", check.anomaly("mean", "s"))), 'does not fit column "s" of type string'],
  [() => contract("c", { a: t.int32().pii() }, [rule("r", check.anomaly("max", "a"))]), "which is personal"],
  [() => contract("c", { a: t.int32().pii() }, [rule("r", check.volume({ by: "a" }))]), "which is personal"],
])("a history rule that makes no sense is refused: %#", (declare, problem) => {
  expect(declare).toThrow(problem);
});
