// Applies an author's TypeScript function to rejected rows, in a worker thread with a deadline: an endless loop ends the thread, not the command.
import { Worker } from "node:worker_threads";
import { fromErrorReport, MillraceError } from "@millrace/core";
import type { FixAnswer, FixTask } from "./fix-messages.ts";

const ANSWER_TIMEOUT_MS = 15_000;
const WORKER_HEAP_MB_MAX = 512;

// The built package runs .js, the repository runs .ts: a worker's address is not rewritten by the compiler.
const workerUrl = new URL(import.meta.url.endsWith(".ts") ? "./fix-worker.ts" : "./fix-worker.js", import.meta.url);

export interface FixFunction extends AsyncDisposable {
  /** New records in the order of the tasks; undefined where the row stays as it is. @throws MillraceError project-code-failed with file and line */
  apply(tasks: readonly FixTask[]): Promise<readonly unknown[]>;
}

/** @throws MillraceError project-code-failed with file and line */
export async function openFix(file: string): Promise<FixFunction> {
  const worker = new Worker(workerUrl, {
    workerData: { file },
    stdout: true,
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB_MAX },
  });
  // What the function prints must not mix with the answer of the command.
  worker.stdout.pipe(process.stderr, { end: false });
  const close = async (): Promise<void> => {
    worker.stdout.unpipe(process.stderr);
    await worker.terminate();
  };
  try {
    await answerOf(worker, file);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async apply(tasks) {
      const answer = answerOf(worker, file);
      worker.postMessage(tasks);
      const { records = [] } = await answer;
      return records;
    },
    [Symbol.asyncDispose]: close,
  };
}

function answerOf(worker: Worker, file: string): Promise<{ readonly records?: readonly unknown[] }> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => settle(() => reject(failed(file, 1, `did not answer within ${ANSWER_TIMEOUT_MS} ms`))),
      ANSWER_TIMEOUT_MS,
    );
    const onMessage = (answer: FixAnswer): void =>
      settle(() => {
        if (answer.kind !== "failed") return resolve(answer.kind === "fixed" ? { records: answer.records } : {});
        const { failure } = answer;
        const at = failure.location ?? { file: failure.file, line: 1 };
        reject(
          failure.report === undefined ? failed(at.file, at.line, failure.message) : fromErrorReport(failure.report),
        );
      });
    const onError = (error: Error): void => settle(() => reject(failed(file, 1, error.message)));
    const onExit = (): void => settle(() => reject(failed(file, 1, "the code ended the thread")));
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      act();
    };
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
  });
}

function failed(file: string, line: number, problem: string): MillraceError {
  return new MillraceError("project-code-failed", `${file}:${line}: ${problem}`, {
    hint: "Rows of this page were not changed; pages before it stay repaired.",
    details: { file, line },
  });
}
