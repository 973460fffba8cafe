// Asks the debugger of a worker that does not answer where it is, so that an endless loop is reported with its line.
import { Session, type NodeWorker } from "node:inspector";
import { fileURLToPath } from "node:url";
import type { SourceLocation } from "@millrace/core";
import { isOwnCode } from "./own-code.ts";

/** A looping worker stops within milliseconds; one that waits for something never does, and then has no line. */
const ANSWER_TIMEOUT_MS = 500;

interface DebuggerMessage {
  readonly method?: string;
  readonly params?: {
    readonly scriptId?: string;
    readonly url?: string;
    readonly callFrames?: readonly { readonly location: { readonly scriptId: string; readonly lineNumber: number } }[];
  };
}

/**
 * The innermost line of the author's code that a worker is running; undefined when it runs none.
 *
 * @param workerName the name it was started with: the debugger numbers threads in its own way
 */
export function stuckLine(workerName: string): Promise<SourceLocation | undefined> {
  const session = new Session();
  session.connect();
  return new Promise((resolve) => {
    let sessionId = "";
    // Call frames name scripts by number only.
    const scripts = new Map<string, string>();
    const finish = (found: SourceLocation | undefined): void => {
      clearTimeout(timer);
      // Detaching lets the worker run on; a worker that stands in its debugger cannot be terminated.
      if (sessionId !== "") session.post("NodeWorker.detach", { sessionId });
      session.disconnect();
      resolve(found);
    };
    const timer = setTimeout(() => finish(undefined), ANSWER_TIMEOUT_MS);
    session.on("NodeWorker.attachedToWorker", ({ params }: { params: NodeWorker.AttachedToWorkerEventDataType }) => {
      if (!params.workerInfo.title.endsWith(` ${workerName}`)) return;
      sessionId = params.sessionId;
      for (const [id, method] of [
        [1, "Debugger.enable"],
        [2, "Debugger.pause"],
      ] as const)
        session.post("NodeWorker.sendMessageToWorker", { sessionId, message: JSON.stringify({ id, method }) });
    });
    session.on(
      "NodeWorker.receivedMessageFromWorker",
      ({ params }: { params: NodeWorker.ReceivedMessageFromWorkerEventDataType }) => {
        if (params.sessionId !== sessionId) return;
        const message = JSON.parse(params.message) as DebuggerMessage;
        if (message.method === "Debugger.scriptParsed")
          scripts.set(message.params?.scriptId ?? "", message.params?.url ?? "");
        if (message.method === "Debugger.paused") finish(authorFrame(message, scripts));
      },
    );
    session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
  });
}

function authorFrame(message: DebuggerMessage, scripts: ReadonlyMap<string, string>): SourceLocation | undefined {
  for (const { location } of message.params?.callFrames ?? []) {
    const url = scripts.get(location.scriptId) ?? "";
    if (!url.startsWith("file:") || isOwnCode(url)) continue;
    return { file: fileURLToPath(url), line: location.lineNumber + 1 };
  }
  return undefined;
}
