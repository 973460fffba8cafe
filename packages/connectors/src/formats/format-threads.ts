// Gives jobs to threads: a few at a time, each with a deadline and a bound of memory. Threads that have nothing to do do not keep the process alive.
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { fromErrorReport, MillraceError, type Clock } from "@millrace/core";
import { fileFault } from "./file-fault.ts";
import type { FormatAnswer, FormatJob } from "./format-jobs.ts";

const threadsMax = 2;
const idleMs = 10_000;
/** A conversion is bounded by the size of its file; what takes longer hangs. */
const jobMsMax = 60 * 60 * 1000;
const heapMiBMax = 1024;

interface Thread {
  readonly worker: Worker;
  /** Cancels its end for lack of work. */
  stay?: () => void;
}

const free: Thread[] = [];
const waiting: ((thread: Thread) => void)[] = [];
let threads = 0;

export interface JobOptions {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** Runs one job. Aborting it ends its thread. @throws MillraceError file-*, and what the signal's reason is */
export async function runJob(job: FormatJob, { clock, signal }: JobOptions): Promise<unknown> {
  signal?.throwIfAborted();
  const thread = await take();
  const path = job.kind === "convert" ? job.input.path : job.path;
  const answer = await ask(thread.worker, job, { path, clock, signal }).catch((thrown: unknown) => {
    discard(thread);
    throw thrown;
  });
  give(thread, clock);
  if ("error" in answer) throw fromErrorReport(answer.error);
  return answer.value;
}

function take(): Promise<Thread> {
  const thread = free.pop();
  if (thread !== undefined) {
    thread.stay?.();
    thread.worker.ref();
    return Promise.resolve(thread);
  }
  if (threads < threadsMax) return Promise.resolve(open());
  return new Promise((resolve) => waiting.push(resolve));
}

function open(): Thread {
  threads += 1;
  // Sources run as .ts, published packages as .js.
  const script = new URL(`./formats-worker${extname(new URL(import.meta.url).pathname)}`, import.meta.url);
  const worker = new Worker(script, { name: "formats", resourceLimits: { maxOldGenerationSizeMb: heapMiBMax } });
  // A job hears of errors by itself; without one they concern nobody.
  return { worker: worker.on("error", () => undefined) };
}

function give(thread: Thread, clock: Clock): void {
  const next = waiting.shift();
  if (next !== undefined) return next(thread);
  thread.worker.unref();
  thread.stay = clock.after(idleMs, () => discard(thread));
  free.push(thread);
}

function discard(thread: Thread): void {
  const at = free.indexOf(thread);
  if (at >= 0) free.splice(at, 1);
  threads -= 1;
  void thread.worker.terminate();
  const next = waiting.shift();
  if (next !== undefined) next(open());
}

function ask(
  worker: Worker,
  job: FormatJob,
  { path, clock, signal }: JobOptions & { readonly path: string },
): Promise<FormatAnswer> {
  return new Promise((resolve, reject) => {
    const forget = clock.after(jobMsMax, () =>
      fail(fileFault("file-too-large", path, `takes longer than ${jobMsMax} ms to be read`)),
    );
    const ended = (): void => {
      forget();
      worker.off("message", answered).off("error", failed).off("exit", exited);
      signal?.removeEventListener("abort", aborted);
    };
    const fail = (error: unknown): void => {
      ended();
      reject(error);
    };
    const answered = (answer: FormatAnswer): void => {
      ended();
      resolve(answer);
    };
    const failed = (error: Error & { code?: unknown }): void =>
      fail(
        error.code === "ERR_WORKER_OUT_OF_MEMORY"
          ? fileFault("file-too-large", path, `needs more than ${heapMiBMax} MiB of memory to be read`)
          : new MillraceError("internal", `The thread that read ${path} failed: ${error.message}`, { cause: error }),
      );
    const exited = (): void => fail(new MillraceError("internal", `The thread that read ${path} has stopped.`));
    const aborted = (): void => fail(signal?.reason);
    worker.on("message", answered).on("error", failed).on("exit", exited);
    signal?.addEventListener("abort", aborted);
    worker.postMessage(job);
  });
}
