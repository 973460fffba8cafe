// Moves the log's write-ahead log into its file on a thread of its own, while appends go on; event-log.ts starts it under load only.
import { DatabaseSync } from "node:sqlite";
import { workerData } from "node:worker_threads";
import { sqliteError } from "../sqlite/sqlite-errors.ts";
import { serveCalls, type Outcome } from "../worker/serve-calls.ts";

const { file } = workerData as { readonly file: string };
const db = new DatabaseSync(file, { timeout: 1000 });

function checkpoint(): Outcome {
  try {
    db.exec("PRAGMA wal_checkpoint(PASSIVE)");
    return { value: undefined };
  } catch (thrown) {
    return { error: sqliteError(thrown, file) };
  }
}

serveCalls({ run: (calls) => Promise.resolve(calls.map(checkpoint)), close: () => db.close() });
