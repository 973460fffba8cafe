// One test of a contract: its records through the loader with all rules, and what became of each.
import { isMillraceError, type LoadVerdict } from "@millrace/core";
import type { AdoptedTable } from "../load/adopted-tables.ts";
import { records, toBigint, toText, toTexts } from "../load/sql-values.ts";
import { compareRows } from "./compare-rows.ts";
import type { MockRows, TestBench } from "./mock-rows.ts";
import type { ContractTest } from "./row-test.ts";

/** What differs; empty when the test passes. */
export async function runContractTest(
  bench: TestBench,
  mocks: MockRows,
  test: ContractTest,
): Promise<readonly string[]> {
  const table = bench.tables.get(`${test.domain}.${test.contract}`);
  if (table === undefined) return [`there is no contract ${test.domain}.${test.contract}`];
  await mocks.place(test.tables);
  const { error } = test.expect;
  const batch = await loaded(mocks, table, test).catch((thrown: unknown) => {
    if (error !== undefined && isMillraceError(thrown) && thrown.code === error) return undefined;
    throw thrown;
  });
  if (batch === undefined) return [];
  if (error !== undefined) return [`expected the error ${error}, but the rows were loaded`];
  return [...(await verdictDifferences(bench, test, batch)), ...(await acceptedDifferences(bench, test, batch))];
}

async function loaded(mocks: MockRows, table: AdoptedTable, test: ContractTest): Promise<bigint> {
  const verdict: LoadVerdict = table.verdict;
  return (await mocks.load(table, test.given, verdict)).batch;
}

async function verdictDifferences({ tx }: TestBench, test: ContractTest, batch: bigint): Promise<readonly string[]> {
  const found = await tx.query("SELECT row_no, state, codes FROM millrace.quarantine WHERE batch = ?", [batch]);
  const outcomes = new Map(
    found.rows.map(([row, state, codes]) => [
      Number(toBigint(row)),
      state === "held" ? "held" : listed(toTexts(codes)),
    ]),
  );
  return test.given.flatMap((_, at) => {
    const row = at + 1;
    const codes = test.expect.rejected[String(row)];
    const held = test.expect.held.includes(row);
    const wanted = codes === undefined ? (held ? "held" : "accepted") : listed(codes);
    const actual = outcomes.get(row) ?? "accepted";
    return wanted === actual ? [] : [`row ${row}: expected ${wanted}, is ${actual}`];
  });
}

function listed(codes: readonly string[]): string {
  return `rejected by ${[...codes].sort().join(", ")}`;
}

async function acceptedDifferences({ tx }: TestBench, test: ContractTest, batch: bigint): Promise<readonly string[]> {
  if (test.expect.accepted === undefined) return [];
  const name = [test.domain, test.contract].map((part) => `"${toText(part).replaceAll('"', '""')}"`).join(".");
  const found = await tx.query(`SELECT * FROM ${name} WHERE _batch = ? ORDER BY _row`, [batch]);
  return compareRows(test.expect.accepted, records(found), { ordered: true }).map((line) => `accepted, ${line}`);
}
