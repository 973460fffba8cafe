// What rules cost: twenty rules of a row and three over several rows, against the plain write of the same rows.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { median, rounded, toMiB, type Figure, type SuiteOptions } from "../harness/figure.ts";
import { measured, type Measured } from "../harness/measured-process.ts";
import { writeSamples } from "../load/sample.ts";
import type { QualityInput, QualityOutcome } from "./measure-quality.ts";

const script = fileURLToPath(import.meta.resolve("./measure-quality.ts"));
const subjects = ["engine", "plain", "rules"] as const;
const goal = 1.3;

type Runs = Record<(typeof subjects)[number], Measured<QualityOutcome>[]>;

export async function* qualitySuite({ rows = 10_000_000, runs = 1 }: SuiteOptions): AsyncGenerator<Figure> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    await writeChecked(folder, rows);
    for (const format of ["csv", "parquet"] as const) {
      const found: Runs = { engine: [], plain: [], rules: [] };
      for (let run = 0; run < runs; run += 1)
        for (const subject of subjects) {
          const place = mkdtempSync(join(folder, "run-"));
          const input: QualityInput = { subject, format, file: join(folder, `checked.${format}`), folder: place };
          const one = await measured<QualityOutcome>(script, input);
          verify(subject, one.result, rows);
          found[subject].push(one);
          rmSync(place, { recursive: true, force: true });
        }
      yield* figures(format, found);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The load suite's sample, one percent of it bad; one of 2,000 rows repeats the id of the row before it. */
async function writeChecked(folder: string, rows: number): Promise<void> {
  await writeSamples(folder, rows);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  const source = `SELECT * REPLACE (CASE WHEN id % 2000 = 3 AND id > 3 THEN id - 1 ELSE id END AS id) FROM '${folder}/rules.parquet'`;
  await connection.run(`COPY (${source}) TO '${folder}/checked.parquet' (FORMAT parquet)`);
  const times = `* REPLACE (strftime(ts, '%Y-%m-%dT%H:%M:%S.%fZ') AS ts)`;
  await connection.run(`COPY (SELECT ${times} FROM '${folder}/checked.parquet') TO '${folder}/checked.csv' (HEADER)`);
  connection.closeSync();
  instance.closeSync();
}

function* figures(format: string, found: Runs): Generator<Figure> {
  const seconds = (subject: keyof Runs): number => median(found[subject].map((one) => one.result.seconds));
  yield { suite: "quality", name: `${format} typed CREATE TABLE AS`, value: rounded(seconds("engine")), unit: "s" };
  yield { suite: "quality", name: `${format} load without rules`, value: rounded(seconds("plain")), unit: "s" };
  const common = { suite: "quality", value: rounded(seconds("rules")), unit: "s" };
  const ratio = rounded(seconds("rules") / seconds("engine"));
  yield {
    ...common,
    name: `${format} load with 20 row rules and 3 set rules`,
    baseline: "typed CREATE TABLE AS of the same file by DuckDB, on disk, checkpointed",
    ratio,
    goal: `<= ${goal}`,
    holds: ratio <= goal,
  };
  yield {
    ...common,
    name: `${format} load with rules against the load without`,
    baseline: "Millrace's load of the same file without rules",
    ratio: rounded(seconds("rules") / seconds("plain")),
  };
  const peak = toMiB(median(found.rules.map((one) => one.peakBytes)));
  yield { suite: "quality", name: `${format} peak memory`, value: peak, unit: "MiB" };
}

/** Every row in exactly one place, by count and by its number. */
function verify(subject: keyof Runs, outcome: QualityOutcome, rows: number): void {
  const repeated = Math.max(0, Math.floor((rows - 3) / 2000));
  const bad = subject === "rules" ? Math.floor(rows / 100) + repeated : 0;
  const { accepted, quarantined, places } = outcome;
  if (accepted === rows - bad && quarantined === bad && places === rows) return;
  throw new Error(
    `${subject}: expected ${rows - bad} + ${bad} rows, found ${accepted} + ${quarantined} in ${places} places`,
  );
}
