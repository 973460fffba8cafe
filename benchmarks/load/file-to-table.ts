// A file to a table, both on disk and checkpointed, as the suites load and quality time it: by the engine's typed CREATE TABLE AS, and by Millrace.
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import {
  silentLogger,
  systemClock,
  systemRandom,
  type ContractDefinition,
  type EngineFormat,
  type Warehouse,
} from "@millrace/core";
import { compileVerdict } from "@millrace/quality";
import { openFileObjectStore } from "@millrace/store-local";
import { openDuckDbWarehouse } from "@millrace/warehouse-duckdb";
import { engineColumns } from "./sample.ts";

/** A file of the sample, and an empty folder for what is made of it. */
export interface SampleFile {
  readonly format: "csv" | "ndjson" | "parquet";
  readonly file: string;
  readonly folder: string;
}

export interface LoadOutcome {
  readonly seconds: number;
  readonly accepted: number;
  readonly quarantined: number;
}

export interface MillraceLoad {
  /** Its name is the table's. */
  readonly contract: ContractDefinition;
  /** `stored`: the original is stored before the time begins. */
  readonly from: "stored" | "arrival";
}

const memoryLimitBytes = 2 * 1024 ** 3;

/** @param ignoreErrors leaves out what is not of its column's type, where the format is text */
export async function createTyped({ format, file, folder }: SampleFile, ignoreErrors: boolean): Promise<LoadOutcome> {
  const options = { memory_limit: "2GiB", threads: "2" };
  const instance = await DuckDBInstance.create(join(folder, "baseline.duckdb"), options);
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  const types = Object.entries(engineColumns).map(([name, type]) => `'${name}': '${type}'`);
  const columns = `columns = {${types.join(", ")}}${ignoreErrors ? ", ignore_errors = true" : ""}`;
  const reader = {
    csv: `read_csv('${file}', ${columns}, header = true)`,
    ndjson: `read_json('${file}', ${columns}, format = 'newline_delimited')`,
    parquet: `read_parquet('${file}')`,
  }[format];
  const startedMs = performance.now();
  await connection.run(`CREATE TABLE samples AS SELECT * FROM ${reader}`);
  await connection.run("CHECKPOINT");
  const seconds = (performance.now() - startedMs) / 1000;
  const counted = await connection.runAndReadAll("SELECT count(*) FROM samples");
  return { seconds, accepted: Number(counted.getRows()[0]?.[0]), quarantined: 0 };
}

/** @param look sees the warehouse after the time has ended */
export async function loadByMillrace<T>(
  { format, file, folder }: SampleFile,
  { contract, from }: MillraceLoad,
  look: (warehouse: Warehouse) => T | Promise<T>,
): Promise<LoadOutcome & { readonly looked: T }> {
  const objects = await openFileObjectStore(join(folder, "objects"), { random: systemRandom });
  const warehouse = await openDuckDbWarehouse({
    folder,
    memoryLimitBytes,
    threads: 2,
    clock: systemClock,
    log: silentLogger,
  });
  const store = (): ReturnType<typeof objects.put> =>
    objects.put(createReadStream(file, { highWaterMark: 1 << 20 }), {
      prefix: "raw/bench",
      extension: format,
      codec: format === "parquet" ? "none" : "zstd",
    });
  const before = from === "stored" ? await store() : undefined;
  const startedMs = performance.now();
  const ref = before ?? (await store());
  await using local = await objects.local(ref);
  const counts = await warehouse.write([`bench.${contract.name}`], async (tx) => {
    await tx.ensureTable({ domain: "bench", name: contract.name, columns: contract.columns, key: [] });
    return tx.load({
      batch: 1n,
      channel: "bench.file",
      domain: "bench",
      contract,
      verdict: compileVerdict(contract, "bench"),
      write: "append",
      source: { kind: "objects", objects: [{ ref, encoding: "none", local }], format: decodeFormat(format) },
      receivedSeq: 1n,
      replacesBatches: [],
      keepReplaced: false,
    });
  });
  await warehouse.maintain();
  const seconds = (performance.now() - startedMs) / 1000;
  const looked = await look(warehouse);
  await warehouse.close();
  return { seconds, accepted: Number(counts.accepted), quarantined: Number(counts.quarantined), looked };
}

function decodeFormat(format: SampleFile["format"]): EngineFormat {
  if (format !== "csv") return { kind: format };
  return { kind: "csv", delimiter: ",", quote: '"', columns: Object.keys(engineColumns), header: true, nullTokens: [] };
}
