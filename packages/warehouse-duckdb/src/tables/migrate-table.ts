// Brings a stored table to another shape in the caller's transaction: in place where columns only come, widen or get other names; else a new table is
// filled beside the old one and the view switches to it. What readers see changes when the transaction commits, all or nothing.
import type { DuckDBConnection } from "@duckdb/node-api";
import { failpoint, type TableSpec } from "@millrace/core";
import { engineType } from "../engine/engine-types.ts";
import { ident, literal, qualified } from "../engine/identifiers.ts";
import { execute, select } from "../engine/statement-runner.ts";
import { asBigint } from "../engine/values.ts";
import { storeSchema } from "../system-schema.ts";
import { convertedValue, fromText } from "./convert-stored.ts";
import { hiddenKeyPrefix } from "./hidden-note.ts";
import { refuseLoss, refuseMissingValues, refuseRepeatedKeys } from "./migration-refusals.ts";
import { planMigration, type ColumnStep, type MigrationPlan } from "./migration-plan.ts";
import { columnsOf, type CatalogueEntry } from "./stored-tables.ts";

const ownColumns = ["_batch", "_row", "_seq", "_hidden"];

/**
 * Returns the name of the physical table that has the new shape: the old one or `beside`.
 *
 * @param beside name in schema `store` for a new table
 * @throws MillraceError contract-conflict
 */
export async function migrateTable(
  connection: DuckDBConnection,
  spec: TableSpec,
  stored: CatalogueEntry,
  beside: string,
): Promise<string> {
  const table = qualified(storeSchema, stored.physical);
  const physical = (await columnsOf(connection, storeSchema, stored.physical)).filter(
    ({ name }) => !ownColumns.includes(name),
  );
  const seen = stored.columns.map(({ name }) => name).filter((name) => !ownColumns.includes(name));
  const plan = planMigration(spec, { physical, seen, key: stored.key }, `__${stored.version}`);
  const counted = await select(connection, `SELECT count(*) FROM ${table} WHERE _hidden IS NULL`);
  const rows = asBigint(counted.rows[0]?.[0]);
  const empty = rows === 0n;
  if (!empty) await refuseLoss(connection, { spec, plan, table, rows });
  const filled = empty ? new Set<string>() : await columnsToFill(connection, plan, table);
  const work = { plan, physical: stored.physical, filled };
  const target = fitsInPlace(work, empty)
    ? await changeInPlace(connection, work)
    : await fillBeside(connection, work, beside);
  failpoint("table.swap");
  if (!empty) {
    await refuseMissingValues(connection, spec, qualified(storeSchema, target));
    if (plan.key.join() !== spec.key.join()) await refuseRepeatedKeys(connection, spec, qualified(storeSchema, target));
  }
  return target;
}

interface MigrationWork {
  readonly plan: MigrationPlan;
  readonly physical: string;
  /** Columns whose missing values get the one that was stated. */
  readonly filled: ReadonlySet<string>;
}

/** New columns, and required ones of which a stored row has no value. */
async function columnsToFill(
  connection: DuckDBConnection,
  { steps }: MigrationPlan,
  table: string,
): Promise<Set<string>> {
  const filled = new Set<string>();
  for (const one of steps) {
    if (one.column.filledWith === undefined) continue;
    if (one.step === "add") filled.add(one.column.name);
    else if (one.column.required) {
      const lacking = `SELECT 1 FROM ${table} WHERE _hidden IS NULL AND (${storedValue(one)}) IS NULL LIMIT 1`;
      if ((await select(connection, lacking)).rows.length > 0) filled.add(one.column.name);
    }
  }
  return filled;
}

/** True when no stored value has to be written again by an expression. */
function fitsInPlace({ plan, filled }: MigrationWork, empty: boolean): boolean {
  if (empty && plan.clashing.length > 0) return false;
  return (
    filled.size === 0 &&
    plan.carried.every(({ from, as }) => from.name === as) &&
    plan.steps.every((one) => one.step !== "convert")
  );
}

async function changeInPlace(connection: DuckDBConnection, { plan, physical }: MigrationWork): Promise<string> {
  const alter = (change: string): Promise<unknown> =>
    execute(connection, `ALTER TABLE ${qualified(storeSchema, physical)} ${change}`);
  for (const column of plan.dropped) await alter(`DROP COLUMN ${ident(column.name)}`);
  for (const one of plan.steps) {
    const name = ident(one.column.name);
    if (one.step === "rename") await alter(`RENAME COLUMN ${ident(one.from.name)} TO ${name}`);
    if (one.step === "add") await alter(`ADD COLUMN ${name} ${engineType(one.column.type)}`);
    if (one.step === "widen") await alter(`ALTER COLUMN ${name} TYPE ${engineType(one.column.type)}`);
  }
  return physical;
}

/** The new table, filled from the old one, which goes: every value that nobody stated to be dropped is in the new one. */
async function fillBeside(
  connection: DuckDBConnection,
  { plan, physical, filled }: MigrationWork,
  beside: string,
): Promise<string> {
  const shown = plan.steps.map((one) => `${valueOf(one, filled)} AS ${ident(one.column.name)}`);
  // Types clash without a statement only in a table that has no rows.
  const fresh = plan.clashing.map(({ column }) => `NULL::${engineType(column.type)} AS ${ident(column.name)}`);
  const kept = plan.steps.flatMap((one) =>
    one.step === "convert" && one.beside !== undefined ? [`${ident(one.from.name)} AS ${ident(one.beside)}`] : [],
  );
  const carried = plan.carried.map(({ from, as }) => `${ident(from.name)} AS ${ident(as)}`);
  const columns = [...shown, ...fresh, ...kept, ...carried, ...ownColumns];
  await execute(
    connection,
    `CREATE TABLE ${qualified(storeSchema, beside)} AS SELECT ${columns.join(", ")} FROM ${qualified(storeSchema, physical)} WHERE _hidden IS NULL ORDER BY rowid`,
  );
  await execute(connection, `DROP TABLE ${qualified(storeSchema, physical)}`);
  await execute(connection, "DELETE FROM millrace.meta WHERE key = ?", [hiddenKeyPrefix + physical]);
  return beside;
}

/** SQL of a column's value in the new table. */
function valueOf(one: ColumnStep, filled: ReadonlySet<string>): string {
  const { column } = one;
  const value = one.step === "add" ? `NULL::${engineType(column.type)}` : storedValue(one);
  if (!filled.has(column.name)) return value;
  return `coalesce(${value}, CAST(${fromText(column.type, literal(column.filledWith ?? ""))} AS ${engineType(column.type)}))`;
}

/** SQL of a stored value in the column's type; NULL where it has none. */
function storedValue(one: Exclude<ColumnStep, { step: "add" }>): string {
  const value = ident(one.from.name);
  if (one.step === "keep" || one.step === "rename") return value;
  if (one.beside !== undefined) return convertedValue(one.from.type, one.column.type, value);
  return `CAST(${value} AS ${engineType(one.column.type)})`;
}
