// The thread that looks into files and converts them, so that neither ever blocks the thread that serves HTTP. format-threads.ts is the other side.
import { parentPort } from "node:worker_threads";
import { toMillraceError } from "@millrace/core";
import type { FormatAnswer, FormatJob } from "./format-jobs.ts";
import { runConversion } from "./run-conversion.ts";
import { inspectSheet } from "./sheets/inspect-sheet.ts";

async function run(job: FormatJob): Promise<unknown> {
  if (job.kind === "convert") return runConversion(job.input, job.conversion, job.target);
  return inspectSheet(job, job.options);
}

parentPort?.on("message", (job: FormatJob) => {
  run(job).then(
    (value) => parentPort?.postMessage({ value } satisfies FormatAnswer),
    (error: unknown) => parentPort?.postMessage({ error: toMillraceError(error).toJSON() } satisfies FormatAnswer),
  );
});
