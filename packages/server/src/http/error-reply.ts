// Errors as HTTP answers: PostgREST's shape (code, message, details, hint) with Millrace's codes. Internals stay in the log.
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import {
  catalogue,
  isMillraceError,
  MillraceError,
  stringifyExact,
  toMillraceError,
  type ErrorReport,
  type Logger,
  type Metrics,
  type Random,
} from "@millrace/core";
import { jsonContentType } from "./security-headers.ts";
import type { RefusalLog } from "./refusal-log.ts";

export interface ErrorReplyParts {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly refusals: RefusalLog;
  readonly random: Random;
}

const retryAfterDefaultSeconds = 1;

/** Answers every error of every route. */
export function createErrorReply(parts: ErrorReplyParts) {
  return (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const error = fromFramework(thrown);
    parts.metrics.count("millrace_http_errors_total", 1, { code: error.code });
    const status = error.status;
    const reference = status >= 500 ? logFault(error, request, parts) : undefined;
    if (status === 401 || status === 403) parts.refusals.add(request, error.code);
    if (status === 401) void reply.header("www-authenticate", 'Bearer realm="millrace"');
    if (error.kind === "transient") void reply.header("retry-after", String(retryAfterSeconds(error)));
    const total = error.details?.["total"];
    if (error.code === "range-not-satisfiable" && typeof total === "number")
      void reply.header("content-range", `*/${total}`);
    const bytes = error.details?.["bytes"];
    if (error.code === "range-not-satisfiable" && typeof bytes === "number")
      void reply.header("content-range", `bytes */${bytes}`);
    return reply
      .code(status)
      .header("content-type", jsonContentType)
      .send(stringifyExact(publicReport(error, reference)));
  };
}

/** The report that leaves the process: what is our own fault or the disk's is told in the catalogue's words. */
export function publicReport(error: MillraceError, reference?: string): ErrorReport & { readonly reference?: string } {
  const seen = reference === undefined ? {} : { reference };
  if (error.kind === "user" || error.kind === "transient") return { ...error.toJSON(), ...seen };
  const { summary, solve } = catalogue[error.code];
  return { code: error.code, kind: error.kind, message: summary, hint: solve, ...seen };
}

function logFault(error: MillraceError, request: FastifyRequest, parts: ErrorReplyParts): string {
  const reference = parts.random.uuid();
  const { code, message } = error;
  const fields = { reference, code, method: request.method, route: routeOf(request), problem: message };
  if (error.kind === "transient") parts.log.warn("A request could not be served now.", fields);
  else parts.log.error("A request failed.", { ...fields, stack: error.stack, cause: causeText(error.cause) });
  return reference;
}

function causeText(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message : undefined;
}

/** The pattern, never the address: queries and keys may hold personal data. */
export function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? "unmatched";
}

function retryAfterSeconds(error: MillraceError): number {
  const ms = error.details?.["retryAfterMs"];
  return typeof ms === "number" ? Math.max(1, Math.ceil(ms / 1000)) : retryAfterDefaultSeconds;
}

/** What Fastify itself refuses, in our codes. */
function fromFramework(thrown: unknown): MillraceError {
  if (isMillraceError(thrown)) return thrown;
  const { code, statusCode } = thrown as Partial<FastifyError>;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE")
    return new MillraceError("request-too-large", "The request body is larger than the limit.");
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE")
    return new MillraceError("media-type-unsupported", "The media type of the request is not supported here.");
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new MillraceError("request-invalid", "The request is malformed.", { cause: thrown });
  if (statusCode === 503) return new MillraceError("overloaded", "The server is closing.", { cause: thrown });
  return toMillraceError(thrown);
}
