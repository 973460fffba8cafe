// Long work as lines: `{"progress": ...}` while it goes on, then `{"result": ...}` or `{"error": ...}`. A client that closes cancels the work.
import { PassThrough } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { MillraceError, stringifyExact, toMillraceError, type Clock, type Logger } from "@millrace/core";
import type { Progress } from "@millrace/runtime";
import { publicReport } from "../http/error-reply.ts";
import { linesContentType } from "../http/security-headers.ts";

/** Less often than this nobody can read it; more often it would only fill buffers. */
const progressEveryMs = 100;
/** An empty line keeps connections open on which nothing else moves. */
const heartbeatMs = 15_000;

export interface LongWork {
  (options: { readonly signal: AbortSignal; readonly onProgress: (progress: Progress) => void }): Promise<object>;
}

/** Starts the work at once; the answer's status is 200 before its outcome is known, so the last line tells it. */
export function streamProgress(
  work: LongWork,
  http: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  parts: { readonly clock: Clock; readonly log: Logger },
): FastifyReply {
  const lines = new PassThrough();
  const cancelling = new AbortController();
  http.reply.raw.once("close", () => {
    if (!http.reply.raw.writableFinished)
      cancelling.abort(new MillraceError("cancelled", "The client closed the connection."));
  });
  const stopBeating = beat(lines, parts.clock);
  work({ signal: cancelling.signal, onProgress: progressWriter(lines, parts.clock) })
    .then(
      (result) => lines.write(`${stringifyExact({ result })}\n`),
      (thrown: unknown) => {
        const error = toMillraceError(thrown);
        if (error.kind === "bug" || error.kind === "corrupt")
          parts.log.error("Admin work failed.", { code: error.code, problem: error.message, stack: error.stack });
        lines.write(`${stringifyExact({ error: publicReport(error) })}\n`);
      },
    )
    .finally(() => {
      stopBeating();
      lines.end();
    })
    .catch((failure: unknown) => lines.destroy(toMillraceError(failure)));
  return http.reply.header("content-type", linesContentType).send(lines);
}

function progressWriter(lines: PassThrough, clock: Clock): (progress: Progress) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (progress) => {
    const nowMs = clock.monotonicMs();
    if (nowMs - lastMs < progressEveryMs || lines.writableNeedDrain) return;
    lastMs = nowMs;
    lines.write(`${stringifyExact({ progress })}\n`);
  };
}

function beat(lines: PassThrough, clock: Clock): () => void {
  let cancel = (): void => undefined;
  const again = (): void => {
    if (!lines.writableNeedDrain) lines.write("\n");
    cancel = clock.after(heartbeatMs, again);
  };
  cancel = clock.after(heartbeatMs, again);
  return () => cancel();
}
