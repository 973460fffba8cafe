// One measurement in its own process: the engine's typed CREATE TABLE AS, or Millrace's load of the same stored file without or with rules.
import type { ContractDefinition, Warehouse } from "@millrace/core";
import { inputOf, report } from "../harness/measured-process.ts";
import { createTyped, loadByMillrace, type LoadOutcome, type SampleFile } from "../load/file-to-table.ts";
import { CheckedSets } from "../validate/checked.ts";

export interface QualityInput extends SampleFile {
  readonly subject: "engine" | "plain" | "rules";
  readonly format: "csv" | "parquet";
}

export interface QualityOutcome extends LoadOutcome {
  /** Different row numbers in table and quarantine together. */
  readonly places: number;
}

async function engine(input: QualityInput): Promise<QualityOutcome> {
  const outcome = await createTyped(input, false);
  return { ...outcome, places: outcome.accepted };
}

async function load(input: QualityInput, contract: ContractDefinition): Promise<QualityOutcome> {
  const { looked, ...outcome } = await loadByMillrace(input, { contract, from: "stored" }, countPlaces);
  return { ...outcome, places: looked };
}

/** Row numbers of table and quarantine, each counted once; 0 when one stands in both or in neither. */
async function countPlaces(warehouse: Warehouse): Promise<number> {
  const found = await warehouse.query(
    `SELECT count(*), count(DISTINCT place) FROM (SELECT _row AS place FROM bench.checked UNION ALL SELECT row_no FROM millrace.quarantine)`,
  );
  const [all, different] = found.rows[0] ?? [];
  return all === different ? Number(all) : 0;
}

/** The columns with their types alone. An enum has a rule of its own: text has none. */
function plain(): ContractDefinition {
  const columns = CheckedSets.columns.map((column) => ({
    ...column,
    checks: [],
    type: column.type.kind === "enum" ? ({ kind: "string" } as const) : column.type,
  }));
  return { kind: "contract", name: CheckedSets.name, columns, rules: [] };
}

const input = inputOf<QualityInput>();
if (input.subject === "engine") report(await engine(input));
else report(await load(input, input.subject === "plain" ? plain() : CheckedSets));
