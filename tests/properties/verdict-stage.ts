// A warehouse of its own for the properties of the verdict, and the codes that its loader gives to records.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  keyColumns,
  silentLogger,
  stringifyExact,
  systemClock,
  type ContractDefinition,
  type LoadResult,
  type Warehouse,
  type WriteMode,
} from "@millrace/core";
import { compileVerdict } from "@millrace/quality";
import { openDuckDbWarehouse } from "@millrace/warehouse-duckdb";

/** When a batch is received, and which one it replaces. */
export interface Moment {
  readonly seq?: bigint;
  readonly replaces?: readonly bigint[];
}

export interface VerdictStage {
  readonly warehouse: Warehouse;
  /**
   * Loads the records and gives the codes of each, by position; rows that reached the table are counted too.
   *
   * @param bytes size that is noted for the object: small batches are staged, large ones go straight into their table
   */
  judge(
    definition: ContractDefinition,
    records: readonly object[],
    bytes: number,
    write?: WriteMode,
    moment?: Moment,
  ): Promise<{ readonly codes: readonly (readonly string[])[]; readonly trusted: bigint; readonly counts: LoadResult }>;
  close(): Promise<void>;
}

export async function openVerdictStage(): Promise<VerdictStage> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-verdict-"));
  mkdirSync(join(folder, "objects"));
  const warehouse = await openDuckDbWarehouse({
    folder,
    memoryLimitBytes: 512 * 1024 * 1024,
    threads: 2,
    clock: systemClock,
    log: silentLogger,
  });
  let batch = 0n;
  return {
    warehouse,
    async judge(definition, records, bytes, write = "append", moment = {}) {
      batch += 1n;
      const path = join(folder, "objects", `${batch}.ndjson`);
      writeFileSync(path, records.map((record) => `${stringifyExact(record)}\n`).join(""));
      const counts = await load(warehouse, { definition, batch, path, bytes, write, ...moment });
      const found = await warehouse.query("SELECT row_no, codes FROM millrace.quarantine WHERE batch = ?", [batch], {
        rowsMax: 1_000_000,
      });
      const codes = records.map((): readonly string[] => []);
      for (const [row, list] of found.rows) codes[Number(row) - 1] = list as readonly string[];
      const trusted = await warehouse.query(`SELECT count(*) FROM p.${definition.name} WHERE _batch = ?`, [batch]);
      return { codes, trusted: trusted.rows[0]?.[0] as bigint, counts };
    },
    async close() {
      await warehouse.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** 2026-01-06 12:00 UTC. */
const receivedMicros = 1_767_700_800_000_000n;

interface Part extends Moment {
  readonly definition: ContractDefinition;
  readonly batch: bigint;
  readonly path: string;
  readonly bytes: number;
  readonly write: WriteMode;
}

async function load(warehouse: Warehouse, part: Part): Promise<LoadResult> {
  const { definition, batch, path, bytes, write, seq = receivedMicros + batch, replaces = [] } = part;
  const ref = { key: `${batch}`, codec: "none", sha256: "", bytes, storedBytes: bytes, formatVersion: 1 } as const;
  const local = { path, [Symbol.asyncDispose]: () => Promise.resolve() };
  return warehouse.write([`p.${definition.name}`], async (tx) => {
    await tx.ensureTable({
      domain: "p",
      name: definition.name,
      columns: definition.columns,
      key: keyColumns(definition),
    });
    return tx.load({
      batch,
      channel: "p.way",
      domain: "p",
      contract: definition,
      verdict: compileVerdict(definition, "p"),
      write,
      source: { kind: "objects", objects: [{ ref, encoding: "none", local }], format: { kind: "ndjson" } },
      receivedSeq: seq,
      replacesBatches: replaces,
      keepReplaced: false,
    });
  });
}
