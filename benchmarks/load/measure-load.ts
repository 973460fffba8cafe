// One measurement in its own process: the engine's typed CREATE TABLE AS, or Millrace's load of the same file, both on disk and checkpointed.
import { createReadStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { silentLogger, systemClock, systemRandom, type DecodeFormat } from "@millrace/core";
import { compileVerdict } from "@millrace/quality";
import { openFileObjectStore } from "@millrace/store-local";
import { openDuckDbWarehouse } from "@millrace/warehouse-duckdb";
import { inputOf, report } from "../harness/measured-process.ts";
import { engineColumns, Sample, type SampleKind } from "./sample.ts";

export interface LoadInput {
  readonly subject: "baseline" | "stored" | "arrival";
  readonly format: "csv" | "ndjson" | "parquet";
  readonly sample: SampleKind;
  readonly file: string;
  readonly folder: string;
}

export interface LoadOutcome {
  readonly seconds: number;
  readonly accepted: number;
  readonly quarantined: number;
}

const memoryLimitBytes = 2 * 1024 ** 3;

async function baseline(input: LoadInput): Promise<LoadOutcome> {
  const instance = await DuckDBInstance.create(join(input.folder, "baseline.duckdb"), {
    memory_limit: "2GiB",
    threads: "2",
  });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  const columns = `{${Object.entries(engineColumns)
    .map(([name, type]) => `'${name}': '${type}'`)
    .join(", ")}}`;
  const ignore = input.sample === "types" ? ", ignore_errors = true" : "";
  const reader = {
    csv: `read_csv('${input.file}', columns = ${columns}, header = true${ignore})`,
    ndjson: `read_json('${input.file}', columns = ${columns}, format = 'newline_delimited'${ignore})`,
    parquet: `read_parquet('${input.file}')`,
  }[input.format];
  const startedMs = performance.now();
  await connection.run(`CREATE TABLE samples AS SELECT * FROM ${reader}`);
  await connection.run("CHECKPOINT");
  const seconds = (performance.now() - startedMs) / 1000;
  const counted = await connection.runAndReadAll("SELECT count(*) FROM samples");
  return { seconds, accepted: Number(counted.getRows()[0]?.[0]), quarantined: 0 };
}

async function subject(input: LoadInput): Promise<LoadOutcome> {
  mkdirSync(input.folder, { recursive: true });
  const objects = await openFileObjectStore(join(input.folder, "objects"), { random: systemRandom });
  const warehouse = await openDuckDbWarehouse({
    folder: input.folder,
    memoryLimitBytes,
    threads: 2,
    clock: systemClock,
    log: silentLogger,
  });
  const store = (): ReturnType<typeof objects.put> =>
    objects.put(createReadStream(input.file, { highWaterMark: 1 << 20 }), {
      prefix: "raw/bench",
      extension: input.format,
      codec: input.format === "parquet" ? "none" : "zstd",
    });
  const before = input.subject === "stored" ? await store() : undefined;
  const startedMs = performance.now();
  const ref = before ?? (await store());
  await using local = await objects.local(ref);
  const result = await warehouse.write(["bench.samples"], async (tx) => {
    await tx.ensureTable({ domain: "bench", name: "samples", columns: Sample.columns, key: [] });
    return tx.load({
      batch: 1n,
      channel: "bench.file",
      domain: "bench",
      contract: Sample,
      verdict: compileVerdict(Sample, "bench"),
      write: "append",
      source: { kind: "objects", objects: [{ ref, encoding: "none", local }], format: decodeFormat(input.format) },
      receivedSeq: 1n,
      replacesBatches: [],
      keepReplaced: false,
    });
  });
  await warehouse.maintain();
  const seconds = (performance.now() - startedMs) / 1000;
  await warehouse.close();
  return { seconds, accepted: Number(result.accepted), quarantined: Number(result.quarantined) };
}

function decodeFormat(format: LoadInput["format"]): DecodeFormat {
  if (format !== "csv") return { kind: format };
  return { kind: "csv", delimiter: ",", quote: '"', columns: Object.keys(engineColumns), header: true, nullTokens: [] };
}

const input = inputOf<LoadInput>();
report(await (input.subject === "baseline" ? baseline(input) : subject(input)));
