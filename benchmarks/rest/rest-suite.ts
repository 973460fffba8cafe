// Pages of a JSON API to a typed, checked table: against the engine's own read of the same bytes from disk, alternated in the same run.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { againstBaseline, median, rounded, toMiB, type Figure, type SuiteOptions } from "../harness/figure.ts";
import { measured, type Measured } from "../harness/measured-process.ts";
import { startPageServer } from "./page-server.ts";
import type { RestInput, RestOutcome } from "./measure-rest.ts";
import { pageRows, writePages } from "./pages.ts";

const script = fileURLToPath(import.meta.resolve("./measure-rest.ts"));
const goal = 0.6;
const peakMiBMax = 400;

export async function* restSuite({ rows = 1_000_000, runs = 3 }: SuiteOptions): AsyncGenerator<Figure> {
  const whole = Math.max(1, Math.round(rows / pageRows)) * pageRows;
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const pages = join(folder, "pages");
  writePages(pages, whole);
  const server = await startPageServer(pages);
  try {
    const found = { baseline: [] as Measured<RestOutcome>[], subject: [] as Measured<RestOutcome>[] };
    for (let run = 0; run < runs; run += 1)
      for (const subject of ["baseline", "subject"] as const) {
        const place = mkdtempSync(join(folder, "run-"));
        const input: RestInput = { subject, address: server.address, pages, folder: place };
        const one = await measured<RestOutcome>(script, input);
        if (one.result.rows !== whole || one.result.sum !== expectedSum(whole))
          throw new Error(
            `${subject} has ${one.result.rows} rows with sum ${one.result.sum}; ${whole} and ${expectedSum(whole)} are right.`,
          );
        found[subject].push(one);
        rmSync(place, { recursive: true, force: true });
      }
    const rate = (subject: keyof typeof found): number =>
      whole / median(found[subject].map((one) => one.result.seconds));
    const peakMiB = toMiB(median(found.subject.map((one) => one.peakBytes)));
    yield { suite: "rest", name: "pages on disk, baseline", value: rounded(rate("baseline")), unit: "rows/s" };
    yield againstBaseline(
      { suite: "rest", name: "pages of an API to a typed, checked table", unit: "rows/s" },
      {
        subject: rate("subject"),
        baseline: rate("baseline"),
        baselineName: "typed CREATE TABLE AS of read_json over the same pages on disk, checkpointed",
        goal,
      },
    );
    yield {
      suite: "rest",
      name: "peak memory of the process",
      value: peakMiB,
      unit: "MiB",
      goal: `<= ${peakMiBMax}`,
      holds: peakMiB <= peakMiBMax,
    };
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of the numbers of all rows. */
function expectedSum(rows: number): string {
  return String((BigInt(rows) * BigInt(rows - 1)) / 2n);
}
