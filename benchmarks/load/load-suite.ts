// Files to typed, checked tables: against the engine's own typed CREATE TABLE AS of the same file, alternated in the same run.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { againstBaseline, median, rounded, toMiB, type Figure, type SuiteOptions } from "../harness/figure.ts";
import { measured, type Measured } from "../harness/measured-process.ts";
import type { LoadOutcome } from "./file-to-table.ts";
import type { LoadInput } from "./measure-load.ts";
import { writeSamples, type SampleKind } from "./sample.ts";

const script = fileURLToPath(import.meta.resolve("./measure-load.ts"));
const subjects = ["baseline", "stored", "arrival"] as const;
const goals = { stored: 0.7, arrival: 0.5 } as const;
const baselineNames: Readonly<Record<SampleKind, string>> = {
  rules: "typed CREATE TABLE AS of the same file by DuckDB, on disk, checkpointed",
  types: "typed CREATE TABLE AS of the same file by DuckDB with ignore_errors, on disk, checkpointed",
};
/** Parquet holds typed values: nothing of a wrong type can be in it. */
const samples = [
  ["csv", "rules"],
  ["ndjson", "rules"],
  ["parquet", "rules"],
  ["csv", "types"],
  ["ndjson", "types"],
] as const;

export async function* loadSuite({ rows = 1_000_000, runs = 3 }: SuiteOptions): AsyncGenerator<Figure> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    await writeSamples(folder, rows);
    for (const [format, sample] of samples) yield* formatFigures(folder, { format, sample, rows, runs });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function* formatFigures(
  folder: string,
  {
    format,
    sample,
    rows,
    runs,
  }: Pick<LoadInput, "format" | "sample"> & { readonly rows: number; readonly runs: number },
): AsyncGenerator<Figure> {
  const found = { baseline: [], stored: [], arrival: [] } as Record<(typeof subjects)[number], Measured<LoadOutcome>[]>;
  for (let run = 0; run < runs; run += 1) {
    for (const subject of subjects) {
      const place = mkdtempSync(join(folder, "run-"));
      const one = await measured<LoadOutcome>(script, {
        subject,
        format,
        sample,
        file: join(folder, `${sample}.${format}`),
        folder: place,
      } satisfies LoadInput);
      verify({ subject, format, sample }, one.result, rows);
      found[subject].push(one);
      rmSync(place, { recursive: true, force: true });
    }
  }
  const seconds = (subject: (typeof subjects)[number]): number =>
    median(found[subject].map((one) => one.result.seconds));
  const peak = (subject: (typeof subjects)[number]): number =>
    toMiB(median(found[subject].map((one) => one.peakBytes)));
  const of = sample === "rules" ? format : `${format} with wrong types`;
  yield { suite: "load", name: `${of} baseline`, value: rounded(rows / seconds("baseline")), unit: "rows/s" };
  for (const subject of ["stored", "arrival"] as const) {
    const name = subject === "stored" ? `${of} from stored raw` : `${of} from arrival to commit`;
    yield againstBaseline(
      { suite: "load", name, unit: "rows/s" },
      {
        subject: rows / seconds(subject),
        baseline: rows / seconds("baseline"),
        baselineName: baselineNames[sample],
        goal: goals[subject],
      },
    );
  }
  yield { suite: "load", name: `${of} peak memory of the baseline`, value: peak("baseline"), unit: "MiB" };
  yield { suite: "load", name: `${of} peak memory`, value: peak("stored"), unit: "MiB" };
}

/** Every row in exactly one place, every bad row refused. The baseline keeps bad rows; of a wrong type, its CSV reader drops the row. */
function verify(
  { subject, format, sample }: Pick<LoadInput, "subject" | "format" | "sample">,
  outcome: LoadOutcome,
  rows: number,
): void {
  const bad = subject === "baseline" ? 0 : Math.floor(rows / 100);
  const dropped = subject === "baseline" && sample === "types" && format === "csv" ? Math.floor((rows + 100) / 400) : 0;
  if (outcome.accepted === rows - bad - dropped && outcome.quarantined === bad) return;
  throw new Error(
    `${subject}: expected ${rows - bad - dropped} + ${bad} rows, found ${outcome.accepted} + ${outcome.quarantined}`,
  );
}
