// What a migration refuses, always with the statement that would allow it: values that would leave readers, types that clash, keys that repeat.
import type { DuckDBConnection } from "@duckdb/node-api";
import { describeType, MillraceError, type TableSpec } from "@millrace/core";
import { ident, literal } from "../engine/identifiers.ts";
import { select } from "../engine/statement-runner.ts";
import { asBigint } from "../engine/values.ts";
import { convertedValue, fromText } from "./convert-stored.ts";
import type { MigrationPlan } from "./migration-plan.ts";

interface Refusal {
  readonly problem: string;
  /** What would allow it, as the author writes it. */
  readonly intent: string;
}

export interface Migration {
  readonly spec: TableSpec;
  readonly plan: MigrationPlan;
  /** Qualified name of the stored table, which has rows. */
  readonly table: string;
  readonly rows: bigint;
}

/** @throws MillraceError contract-conflict that names everything that needs a statement */
export async function refuseLoss(connection: DuckDBConnection, migration: Migration): Promise<void> {
  const refusals = [
    ...(await unstatedColumns(connection, migration)),
    ...clashes(migration),
    ...(await inexactValues(connection, migration)),
    ...additions(migration),
    ...keyChange(migration),
  ];
  if (refusals.length > 0) throw conflict(migration.spec, refusals);
}

async function unstatedColumns(connection: DuckDBConnection, { plan, table, spec }: Migration): Promise<Refusal[]> {
  const counts = await countOf(
    connection,
    table,
    plan.unstated.map(({ name }) => `${ident(name)} IS NOT NULL`),
  );
  const added = plan.steps.filter((one) => one.step === "add").map((one) => one.column.name);
  return plan.unstated.flatMap(({ name }, at) => {
    const values = counts[at] ?? 0n;
    if (values === 0n) return [];
    const renamed = added
      .map((column) => `.renamedFrom("${name}") on column "${column}" when that is its new name, `)
      .join("");
    return [
      {
        problem: `column "${name}" is gone from the contract, and ${rowsText(values)} a value in it`,
        intent: `${renamed}{ retired: ["${name}"] } to hide it and keep its values, or { dropped: ["${name}"] } to delete them, as the last argument of contract("${spec.name}", ...)`,
      },
    ];
  });
}

function clashes({ plan }: Migration): Refusal[] {
  return plan.clashing.map(({ column, from }) => ({
    problem: `column "${column.name}" is ${describeType(from.type)} in the table and ${describeType(column.type)} in the contract`,
    intent: `.convertedFrom("${describeType(from.type)}") on column "${column.name}": its values are converted exactly, and stay as they were beside it`,
  }));
}

async function inexactValues(connection: DuckDBConnection, { plan, table, rows }: Migration): Promise<Refusal[]> {
  const converted = plan.steps.filter((one) => one.step === "convert" && one.beside !== undefined);
  const conditions = converted.map((one) => {
    if (one.step === "add") return "false";
    const value = ident(one.from.name);
    return `${value} IS NOT NULL AND (${convertedValue(one.from.type, one.column.type, value)}) IS NULL`;
  });
  const counts = await countOf(connection, table, conditions);
  return converted.flatMap(({ column }, at) => {
    const failing = counts[at] ?? 0n;
    if (failing === 0n || column.convertedFrom?.otherwise === "missing") return [];
    const optional = column.required ? ".optional()" : "";
    return [
      {
        problem: `${failing} of ${rows} values of column "${column.name}" have no exact ${describeType(column.type)}`,
        intent: `.convertedFrom("${column.convertedFrom?.type ?? ""}", { otherwise: "missing" })${optional} on column "${column.name}": these become NULL, and stay as they were beside it`,
      },
    ];
  });
}

function additions({ plan }: Migration): Refusal[] {
  return plan.steps.flatMap(({ step, column }) => {
    if (step !== "add" || !column.required || column.filledWith !== undefined) return [];
    return [
      {
        problem: `the new column "${column.name}" is required, but the rows that are there have no value for it`,
        intent: `.filledWith(value) on column "${column.name}" for the rows that are there, or .optional(), then millrace replay --table for what raw holds`,
      },
    ];
  });
}

function keyChange({ plan, spec }: Migration): Refusal[] {
  if (plan.key.join() === spec.key.join() || plan.key.join() === spec.rekeyedFrom?.join()) return [];
  const written = plan.key.map((name) => `"${name}"`).join(", ");
  return [
    {
      problem: `the key changes from (${plan.key.join(", ")}) to (${spec.key.join(", ")})`,
      intent: `{ rekeyedFrom: [${written}] } as the last argument of contract("${spec.name}", ...)`,
    },
  ];
}

/** A column that becomes required must have a value in every row. @throws MillraceError contract-conflict */
export async function refuseMissingValues(connection: DuckDBConnection, spec: TableSpec, table: string): Promise<void> {
  const required = spec.columns.filter((column) => column.required);
  const counts = await countOf(
    connection,
    table,
    required.map(({ name }) => `${ident(name)} IS NULL`),
  );
  const missing = required.flatMap(({ name }, at) => {
    const rows = counts[at] ?? 0n;
    return rows === 0n ? [] : [{ name, text: `"${name}" (${rows} ${rows === 1n ? "row" : "rows"})` }];
  });
  if (missing.length === 0) return;
  throw conflict(spec, [
    {
      problem: `required columns have no value in rows that are there: ${missing.map(({ text }) => text).join(", ")}`,
      intent: `.filledWith(value) or .optional() on ${missing.map(({ name }) => `column "${name}"`).join(", ")}`,
    },
  ]);
}

/** Rows are one per key in a table that merges; with another key two may be one. @throws MillraceError contract-conflict */
export async function refuseRepeatedKeys(connection: DuckDBConnection, spec: TableSpec, table: string): Promise<void> {
  if (spec.key.length === 0) return;
  const key = spec.key.map(ident).join(", ");
  const sql = `SELECT count(*), coalesce(sum(n), 0)::BIGINT FROM (SELECT count(*) AS n FROM ${table} WHERE _hidden IS NULL GROUP BY ${key} HAVING count(*) > 1)`;
  const [keys, rows] = (await select(connection, sql)).rows[0] ?? [];
  if (asBigint(keys) === 0n) return;
  throw conflict(spec, [
    {
      problem: `${asBigint(rows)} rows that are there share ${asBigint(keys)} values of the new key (${spec.key.join(", ")})`,
      intent: "a key that tells these rows apart; or a contract of a new name, filled by millrace replay",
    },
  ]);
}

/** Where a text is to become a value, it must be one. @throws MillraceError contract-conflict */
export async function refuseBadFills(connection: DuckDBConnection, spec: TableSpec): Promise<void> {
  for (const { name, type, filledWith } of spec.columns) {
    if (filledWith === undefined) continue;
    const found = await select(connection, `SELECT ${fromText(type, literal(filledWith))} IS NULL`);
    if (found.rows[0]?.[0] === true)
      throw conflict(spec, [
        {
          problem: `column "${name}" is filledWith(${JSON.stringify(filledWith)}), which is no ${describeType(type)}`,
          intent: `a value of type ${describeType(type)}`,
        },
      ]);
  }
}

async function countOf(connection: DuckDBConnection, table: string, conditions: readonly string[]): Promise<bigint[]> {
  if (conditions.length === 0) return [];
  const counts = conditions.map((condition) => `count(*) FILTER (${condition})`);
  const found = await select(connection, `SELECT ${counts.join(", ")} FROM ${table} WHERE _hidden IS NULL`);
  return (found.rows[0] ?? []).map((value) => asBigint(value));
}

function rowsText(rows: bigint): string {
  return rows === 1n ? "1 row has" : `${rows} rows have`;
}

function conflict(spec: TableSpec, refusals: readonly Refusal[]): MillraceError {
  const problems = refusals.map(({ problem }) => problem).join("; ");
  const hint = `Nothing was changed. State what is meant: ${refusals.map(({ intent }) => intent).join("; ")}.`;
  return new MillraceError(
    "contract-conflict",
    `Contract ${spec.domain}.${spec.name} contradicts the stored table: ${problems}.`,
    {
      hint,
      details: { table: `${spec.domain}.${spec.name}`, intents: refusals.map(({ intent }) => intent) },
    },
  );
}
