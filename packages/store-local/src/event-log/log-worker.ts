// The log's own thread: takes the calls of event-log.ts and runs them on the SQLite file, so that a sync never blocks HTTP.
import { workerData } from "node:worker_threads";
import { MillraceError } from "@millrace/core";
import { sqliteError } from "../sqlite/sqlite-errors.ts";
import { serveCalls, type Outcome } from "../worker/serve-calls.ts";
import type { CallMessage } from "../worker/worker-messages.ts";
import { LogFile } from "./log-file.ts";
import type { GroupAnswer, GroupMessage, LogFileOptions, ReadMessage, TrimMessage } from "./log-messages.ts";

const options = workerData as LogFileOptions;
let opened: LogFile | undefined;

function log(): LogFile {
  if (opened === undefined) throw new MillraceError("internal", "The event log is not open.");
  return opened;
}

function append(group: GroupMessage): Outcome {
  const answer: GroupAnswer = {
    buffer: group.buffer,
    outcomes: log().append(group),
    checkpointDue: log().checkpointDue,
  };
  return { value: answer, transfer: [group.buffer] };
}

function read(message: ReadMessage): Outcome {
  const answer = log().read(message.partition, message.from, message.bytesMax);
  return { value: answer, transfer: answer.blobs.map((blob) => blob.buffer as ArrayBuffer) };
}

function trim(message: TrimMessage): Outcome {
  return { value: log().trim(message.partition, message.before) };
}

async function answer(call: CallMessage): Promise<Outcome> {
  switch (call.method) {
    case "open":
      opened = new LogFile(options);
      return { value: opened.incarnation };
    case "append":
      return append(call.argument as GroupMessage);
    case "read":
      return read(call.argument as ReadMessage);
    case "range":
      return { value: log().range(call.argument as string) };
    case "trim":
      return trim(call.argument as TrimMessage);
    case "sweep":
      return { value: log().sweep(call.argument as string) };
    case "checkpoint":
      return { value: log().checkpoint() };
    case "partitions":
      return { value: log().partitions() };
    case "backup":
      return { value: await log().backup(call.argument as string) };
    default:
      throw new MillraceError("internal", `The event log has no method ${call.method}.`);
  }
}

serveCalls({
  async run(calls) {
    const outcomes: Outcome[] = [];
    for (const call of calls) {
      try {
        outcomes.push(await answer(call));
      } catch (thrown) {
        outcomes.push({ error: sqliteError(thrown, options.file) });
      }
    }
    return outcomes;
  },
  close: () => opened?.close(),
});
