// Turns what sockets, TLS and the deadline throw into coded errors. Addresses are shown without their query, which may hold secrets.
import { isMillraceError, MillraceError, type HttpRequest } from "@millrace/core";

/** `GET https://host/path`, for messages. */
export function placeOf(request: Pick<HttpRequest, "method" | "url">): string {
  const url = URL.parse(request.url);
  return url === null ? request.method : `${request.method} ${url.origin}${url.pathname}`;
}

/** A coded error of the exchange: the deadline's or caller's reason, a refused address, else upstream-unavailable. */
export function networkError(error: unknown, request: HttpRequest, signal: AbortSignal): unknown {
  if (signal.aborted) {
    if (isMillraceError(signal.reason)) return signal.reason;
    return new MillraceError("cancelled", `${placeOf(request)} was cancelled.`, { cause: signal.reason });
  }
  const coded = codedCause(error);
  if (coded !== undefined) return coded;
  const { reason, code } = described(error);
  return new MillraceError("upstream-unavailable", `${placeOf(request)}: ${reason}`, {
    details: code === undefined ? {} : { cause: code },
    cause: error,
  });
}

function codedCause(error: unknown): MillraceError | undefined {
  let cause = error;
  for (let depth = 0; depth < 5 && cause instanceof Error; depth += 1) {
    if (isMillraceError(cause)) return cause;
    cause = cause.cause;
  }
  return undefined;
}

function described(error: unknown): { reason: string; code?: string } {
  if (!(error instanceof Error)) return { reason: "the connection failed" };
  const code = (error as { code?: unknown }).code;
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : undefined;
  const reason = error.message === "" && inner instanceof Error ? inner.message : error.message;
  return { reason, ...(typeof code === "string" ? { code } : {}) };
}
