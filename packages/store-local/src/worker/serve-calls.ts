// The thread's side: answers the calls of worker-link.ts, one after the other, in the order in which they came.
import { parentPort, type Transferable } from "node:worker_threads";
import { MillraceError, toMillraceError } from "@millrace/core";
import type { AnswerMessage, CallMessage } from "./worker-messages.ts";

/** What a call gives back: a value, or a coded error that the caller will see. */
export type Outcome =
  { readonly value: unknown; readonly transfer?: readonly Transferable[] } | { readonly error: unknown };

export interface CallServer {
  /** Runs calls that waited together; answers in the same order. May take them all into one transaction. */
  run(calls: readonly CallMessage[]): Promise<readonly Outcome[]>;
  close(): void;
}

/** Starts answering. Calls that arrive while one group runs form the next group. `close` ends the thread. */
export function serveCalls(server: CallServer): void {
  const port = parentPort;
  if (port === null) throw new MillraceError("internal", "This module runs in a worker thread only.");
  const queue: CallMessage[] = [];
  let running = false;

  const drain = async (): Promise<void> => {
    while (queue.length > 0) {
      const closing = queue.findIndex((call) => call.method === "close");
      const group = queue.splice(0, closing < 0 ? queue.length : closing + 1);
      const last = closing < 0 ? undefined : group.pop();
      if (group.length > 0) answerAll(port, group, await server.run(group));
      if (last !== undefined) return finish(last);
      // Lets the messages in that arrived meanwhile, so that they form one group.
      await new Promise((resolve) => setImmediate(resolve));
    }
    running = false;
  };
  const finish = (call: CallMessage): void => {
    let outcome: Outcome = { value: undefined };
    try {
      server.close();
    } catch (error) {
      outcome = { error };
    }
    answerAll(port, [call], [outcome]);
    port.close();
  };

  port.on("message", (call: CallMessage) => {
    queue.push(call);
    if (running) return;
    running = true;
    setImmediate(() => void drain());
  });
}

function answerAll(
  port: NonNullable<typeof parentPort>,
  calls: readonly CallMessage[],
  outcomes: readonly Outcome[],
): void {
  for (const [index, call] of calls.entries()) {
    const outcome = outcomes[index] ?? { error: new MillraceError("internal", `${call.method} was not answered.`) };
    if ("error" in outcome) {
      port.postMessage({ id: call.id, error: toMillraceError(outcome.error).toJSON() } satisfies AnswerMessage);
    } else {
      port.postMessage({ id: call.id, value: outcome.value } satisfies AnswerMessage, outcome.transfer);
    }
  }
}
