// Runs inside a worker thread: imports a file that exports `fix(record, row)` and applies it to rejected rows. Started by run-fix.ts.
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import "../project/resolve-millrace.ts";
import { describeFailure } from "../project/code-failure.ts";
import type { FixAnswer, FixTask } from "./fix-messages.ts";

const { file } = workerData as { readonly file: string };

function post(answer: FixAnswer): void {
  parentPort?.postMessage(answer);
}

type Fix = (record: FixTask["record"], row: FixTask["row"]) => unknown;

async function load(): Promise<Fix> {
  const module = (await import(pathToFileURL(file).href)) as { readonly fix?: unknown };
  if (typeof module.fix !== "function") throw new Error("has no exported function `fix(record, row)`");
  return module.fix as Fix;
}

try {
  const fix = await load();
  parentPort?.on("message", (tasks: readonly FixTask[]) => {
    void (async () => {
      try {
        const records: unknown[] = [];
        for (const { record, row } of tasks) records.push(await fix(record, row));
        post({ kind: "fixed", records });
      } catch (thrown) {
        post({ kind: "failed", failure: describeFailure(thrown, file) });
      }
    })();
  });
  post({ kind: "ready" });
} catch (thrown) {
  post({ kind: "failed", failure: describeFailure(thrown, file) });
}
