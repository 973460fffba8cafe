// Runs the author's files in a worker thread and brings back their definitions as data. A reload starts a new worker, so nothing stale remains.
import { Worker } from "node:worker_threads";
import { fromErrorReport, MillraceError, type SourceLocation } from "@millrace/core";
import { stuckLine } from "./stuck-line.ts";
import type { ProjectFiles } from "./project-files.ts";
import type { RawFailure, RawProject, WorkerMessage } from "./raw-project.ts";

export interface LoadOptions {
  /** For all files of the project together. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 15_000;
/** Definitions are small; code that needs more than this is not declaring but working. */
const WORKER_HEAP_MB_MAX = 512;

// The built package runs .js, the repository runs .ts: a worker's address is not rewritten by the compiler.
const workerUrl = new URL(
  import.meta.url.endsWith(".ts") ? "./project-worker.ts" : "./project-worker.js",
  import.meta.url,
);

let loads = 0;

/**
 * Imports the files of a project.
 *
 * @throws MillraceError project-code-failed with file and line, the coded error of a refused definition, cancelled
 */
export async function loadRawProject(files: ProjectFiles, options: LoadOptions = {}): Promise<RawProject> {
  const name = `project-${(loads += 1)}`;
  const worker = new Worker(workerUrl, {
    name,
    workerData: files,
    stdout: true,
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB_MAX, maxYoungGenerationSizeMb: 6 },
  });
  // What user code prints must not mix with the output of a command.
  worker.stdout.pipe(process.stderr, { end: false });
  try {
    return await outcome({ worker, name }, files, options);
  } finally {
    worker.stdout.unpipe(process.stderr);
    await worker.terminate();
  }
}

function outcome(
  { worker, name }: { readonly worker: Worker; readonly name: string },
  files: ProjectFiles,
  options: LoadOptions,
): Promise<RawProject> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  let importing = files.config;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      void stuckLine(name).then((at) => reject(hanging(importing, timeoutMs, at)));
    }, timeoutMs);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", onAbort);
      act();
    };
    const onAbort = (): void =>
      settle(() => reject(new MillraceError("cancelled", "Loading the project was cancelled.")));
    options.signal?.addEventListener("abort", onAbort, { once: true });
    if (options.signal?.aborted === true) onAbort();
    worker.on("message", (message: WorkerMessage) => {
      if (message.kind === "importing") importing = message.file;
      else if (message.kind === "loaded") settle(() => resolve(message.project));
      else settle(() => reject(codedFailure(message.failure)));
    });
    worker.on("error", (error) => settle(() => reject(crashed(importing, error))));
    worker.on("exit", () => settle(() => reject(crashed(importing, new Error("the code ended the thread")))));
  });
}

function codedFailure(failure: RawFailure): MillraceError {
  if (failure.report !== undefined) return fromErrorReport(failure.report);
  return codeFailed(failure.location ?? { file: failure.file, line: 1 }, failure.message);
}

function crashed(file: string, error: Error): MillraceError {
  return codeFailed({ file, line: 1 }, error.message, error);
}

function hanging(importing: string, timeoutMs: number, at: SourceLocation | undefined): MillraceError {
  return codeFailed(
    at ?? { file: importing, line: 1 },
    `did not finish loading within ${timeoutMs} ms; definitions must not wait for anything or loop`,
  );
}

function codeFailed(location: SourceLocation, problem: string, cause?: unknown): MillraceError {
  return new MillraceError("project-code-failed", `${location.file}:${location.line}: ${problem}`, {
    details: { file: location.file, line: location.line },
    ...(cause === undefined ? {} : { cause }),
  });
}
