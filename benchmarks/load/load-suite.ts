// Files to typed, checked tables: against the engine's own typed CREATE TABLE AS of the same file, alternated in the same run.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median, rounded, type Figure, type SuiteOptions } from "../harness/figure.ts";
import { measured, type Measured } from "../harness/measured-process.ts";
import type { LoadInput, LoadOutcome } from "./measure-load.ts";
import { writeSamples } from "./sample.ts";

const script = fileURLToPath(import.meta.resolve("./measure-load.ts"));
const subjects = ["baseline", "stored", "arrival"] as const;
const goals = { stored: 0.7, arrival: 0.5 } as const;
const baselineName = "typed CREATE TABLE AS of the same file by DuckDB, on disk, checkpointed";

export async function* loadSuite(options: SuiteOptions): AsyncGenerator<Figure> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    await writeSamples(folder, options.rows);
    for (const format of ["csv", "ndjson", "parquet"] as const) yield* formatFigures(folder, format, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function* formatFigures(
  folder: string,
  format: LoadInput["format"],
  { rows, runs }: SuiteOptions,
): AsyncGenerator<Figure> {
  const found = { baseline: [], stored: [], arrival: [] } as Record<(typeof subjects)[number], Measured<LoadOutcome>[]>;
  for (let run = 0; run < runs; run += 1) {
    for (const subject of subjects) {
      const place = mkdtempSync(join(folder, "run-"));
      const one = await measured<LoadOutcome>(script, {
        subject,
        format,
        file: join(folder, `samples.${format}`),
        folder: place,
      } satisfies LoadInput);
      verify(subject, one.result, rows);
      found[subject].push(one);
      rmSync(place, { recursive: true, force: true });
    }
  }
  const seconds = (subject: (typeof subjects)[number]): number =>
    median(found[subject].map((one) => one.result.seconds));
  const peak = (subject: (typeof subjects)[number]): number =>
    Math.round(median(found[subject].map((one) => one.peakBytes)) / 2 ** 20);
  yield { suite: "load", name: `${format} baseline`, value: rounded(rows / seconds("baseline")), unit: "rows/s" };
  for (const subject of ["stored", "arrival"] as const) {
    const ratio = rounded(seconds("baseline") / seconds(subject));
    const name = subject === "stored" ? `${format} from stored raw` : `${format} from arrival to commit`;
    yield {
      suite: "load",
      name,
      value: rounded(rows / seconds(subject)),
      unit: "rows/s",
      baseline: baselineName,
      ratio,
      goal: `>= ${goals[subject]}`,
      holds: ratio >= goals[subject],
    };
  }
  yield { suite: "load", name: `${format} peak memory of the baseline`, value: peak("baseline"), unit: "MiB" };
  yield { suite: "load", name: `${format} peak memory`, value: peak("stored"), unit: "MiB" };
}

/** Every row in exactly one place, every bad row refused. */
function verify(subject: string, outcome: LoadOutcome, rows: number): void {
  const bad = subject === "baseline" ? 0 : Math.floor(rows / 100);
  if (outcome.accepted === rows - bad && outcome.quarantined === bad) return;
  throw new Error(
    `${subject}: expected ${rows - bad} + ${bad} rows, found ${outcome.accepted} + ${outcome.quarantined}`,
  );
}
