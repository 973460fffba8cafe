// Puts mock rows where a test needs them: into tables by the loader, without their rules; models as views over the rows that stand for them.
import {
  MillraceError,
  stringifyExact,
  type LoadResult,
  type LoadVerdict,
  type ObjectStore,
  type WriteTransaction,
} from "@millrace/core";
import type { ModelPlan, PlannedModel } from "@millrace/transform";
import type { AdoptedTable } from "../load/adopted-tables.ts";
import { toText, toTexts } from "../load/sql-values.ts";
import { modelName } from "../models/plan-models.ts";
import type { TestRow } from "./row-test.ts";

/** What a test works with, inside its transaction. */
export interface TestBench {
  readonly tx: WriteTransaction;
  readonly objects: ObjectStore;
  readonly tables: ReadonlyMap<string, AdoptedTable>;
  readonly plan: ModelPlan;
}

const noRules: LoadVerdict = { rows: [], references: [] };

export class MockRows {
  readonly #bench: TestBench;
  #lastBatch = 0n;

  constructor(bench: TestBench) {
    this.#bench = bench;
  }

  /** @throws MillraceError request-invalid when a mock row does not fit its table */
  async place(tables: Readonly<Record<string, readonly TestRow[]>>): Promise<void> {
    for (const [name, rows] of Object.entries(tables)) {
      const table = this.#bench.tables.get(name);
      const model = this.#bench.plan.models.find((candidate) => modelName(candidate) === name);
      if (table !== undefined) await this.#fill(name, table, rows);
      else if (model !== undefined) await this.#standIn(model, rows);
    }
  }

  /** Through the loader, as one batch. */
  async load(
    table: AdoptedTable,
    rows: readonly TestRow[],
    verdict: LoadVerdict,
  ): Promise<{ readonly batch: bigint; readonly result: LoadResult }> {
    const { objects, tx } = this.#bench;
    const text = rows.map((row) => `${stringifyExact(row)}\n`).join("");
    const ref = await objects.put(Buffer.from(text), { prefix: "raw/tests", extension: "ndjson", codec: "none" });
    await using local = await objects.local(ref);
    const batch = (this.#lastBatch += 1n);
    const result = await tx.load({
      batch,
      channel: "millrace.test",
      domain: table.domain,
      contract: table.contract,
      verdict,
      write: "append",
      source: { kind: "objects", objects: [{ ref, encoding: "none", local }], format: { kind: "ndjson" } },
      receivedSeq: batch,
      replacesBatches: [],
      keepReplaced: false,
    });
    return { batch, result };
  }

  async #fill(name: string, table: AdoptedTable, rows: readonly TestRow[]): Promise<void> {
    if (rows.length === 0) return;
    const fields = new Map(table.contract.columns.map((column) => [column.name, column.source ?? column.name]));
    const records = rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([column, value]) => [fields.get(column) ?? column, value])),
    );
    const { batch } = await this.load(table, records, noRules);
    const sql = "SELECT row_no, reasons FROM millrace.quarantine WHERE batch = ? ORDER BY row_no LIMIT 1";
    const [bad] = (await this.#bench.tx.query(sql, [batch])).rows;
    if (bad !== undefined)
      throw new MillraceError(
        "request-invalid",
        `Mock row ${toText(bad[0])} of ${name} does not fit the table: ${toTexts(bad[1]).join("; ")}.`,
      );
  }

  async #standIn(model: PlannedModel, rows: readonly TestRow[]): Promise<void> {
    for (const row of rows) {
      const unknown = Object.keys(row).find((name) => !model.columns.some((column) => column.name === name));
      if (unknown !== undefined)
        throw new MillraceError("request-invalid", `A mock row of ${modelName(model)} has no column "${unknown}".`);
    }
    const columns = model.columns.map(
      ({ name, engineType }, at) => `CAST(v.c${at} AS ${engineType}) AS ${quoted(name)}`,
    );
    const none = `(${model.columns.map(() => "NULL").join(", ")})`;
    const values = rows.map((row) => `(${model.columns.map(({ name }) => literal(row[name])).join(", ")})`);
    const names = model.columns.map((_, at) => `c${at}`).join(", ");
    const from = `(VALUES ${values.length === 0 ? none : values.join(", ")}) AS v (${names})`;
    const where = values.length === 0 ? " WHERE false" : "";
    await this.#bench.tx.putView(model.domain, model.name, `SELECT ${columns.join(", ")} FROM ${from}${where}`);
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return "NULL::VARCHAR";
  const text = typeof value === "string" ? value : stringifyExact(value);
  return `'${text.replaceAll("'", "''")}'::VARCHAR`;
}
