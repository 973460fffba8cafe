// One measurement in its own process: the engine's typed CREATE TABLE AS, or Millrace's load of the same stored file without or with rules.
import { createReadStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import {
  silentLogger,
  systemClock,
  systemRandom,
  type ContractDefinition,
  type DecodeFormat,
  type Warehouse,
} from "@millrace/core";
import { compileVerdict } from "@millrace/quality";
import { openFileObjectStore } from "@millrace/store-local";
import { openDuckDbWarehouse } from "@millrace/warehouse-duckdb";
import { inputOf, report } from "../harness/measured-process.ts";
import { engineColumns } from "../load/sample.ts";
import { CheckedSets } from "../validate/checked.ts";

export interface QualityInput {
  readonly subject: "engine" | "plain" | "rules";
  readonly format: "csv" | "parquet";
  readonly file: string;
  readonly folder: string;
}

export interface QualityOutcome {
  readonly seconds: number;
  readonly accepted: number;
  readonly quarantined: number;
  /** Different row numbers in table and quarantine together. */
  readonly places: number;
}

const memoryLimitBytes = 2 * 1024 ** 3;

async function engine({ format, file, folder }: QualityInput): Promise<QualityOutcome> {
  const options = { memory_limit: "2GiB", threads: "2" };
  const instance = await DuckDBInstance.create(join(folder, "baseline.duckdb"), options);
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  const types = Object.entries(engineColumns).map(([name, type]) => `'${name}': '${type}'`);
  const reader = format === "csv" ? `read_csv('${file}', columns = {${types.join(", ")}}, header = true)` : `'${file}'`;
  const startedMs = performance.now();
  await connection.run(`CREATE TABLE checked AS SELECT * FROM ${reader}`);
  await connection.run("CHECKPOINT");
  const seconds = (performance.now() - startedMs) / 1000;
  const accepted = Number((await connection.runAndReadAll("SELECT count(*) FROM checked")).getRows()[0]?.[0]);
  return { seconds, accepted, quarantined: 0, places: accepted };
}

async function load(input: QualityInput, definition: ContractDefinition): Promise<QualityOutcome> {
  mkdirSync(input.folder, { recursive: true });
  const objects = await openFileObjectStore(join(input.folder, "objects"), { random: systemRandom });
  const warehouse = await openDuckDbWarehouse({
    folder: input.folder,
    memoryLimitBytes,
    threads: 2,
    clock: systemClock,
    log: silentLogger,
  });
  const source = createReadStream(input.file, { highWaterMark: 1 << 20 });
  const codec = input.format === "parquet" ? "none" : "zstd";
  const ref = await objects.put(source, { prefix: "raw/bench", extension: input.format, codec });
  const startedMs = performance.now();
  await using local = await objects.local(ref);
  const counts = await warehouse.write(["bench.checked"], async (tx) => {
    await tx.ensureTable({ domain: "bench", name: "checked", columns: definition.columns, key: [] });
    return tx.load({
      batch: 1n,
      channel: "bench.file",
      domain: "bench",
      contract: definition,
      verdict: compileVerdict(definition, "bench"),
      write: "append",
      source: { kind: "objects", objects: [{ ref, encoding: "none", local }], format: formatOf(input) },
      receivedSeq: 1n,
      replacesBatches: [],
      keepReplaced: false,
    });
  });
  await warehouse.maintain();
  const seconds = (performance.now() - startedMs) / 1000;
  const places = await countPlaces(warehouse);
  await warehouse.close();
  return { seconds, accepted: Number(counts.accepted), quarantined: Number(counts.quarantined), places };
}

/** Row numbers of table and quarantine, each counted once; 0 when one stands in both or in neither. */
async function countPlaces(warehouse: Warehouse): Promise<number> {
  const found = await warehouse.query(
    `SELECT count(*), count(DISTINCT place) FROM (SELECT _row AS place FROM bench.checked UNION ALL SELECT row_no FROM millrace.quarantine)`,
  );
  const [all, different] = found.rows[0] ?? [];
  return all === different ? Number(all) : 0;
}

function formatOf({ format }: QualityInput): DecodeFormat {
  if (format === "parquet") return { kind: "parquet" };
  return { kind: "csv", delimiter: ",", quote: '"', columns: Object.keys(engineColumns), header: true, nullTokens: [] };
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
