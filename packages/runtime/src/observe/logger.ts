// The logger of production: one JSON line per call, written by pino. Implements the Logger port.
import type { Clock, LogFields, Logger } from "@millrace/core";
import { pino, type DestinationStream, type Logger as PinoLogger } from "pino";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Stamps of the lines. */
  readonly clock: Clock;
  /** Standard error when absent, so that standard output belongs to answers. */
  readonly destination?: DestinationStream;
  /** Fields of every line, e.g. the instance's id. */
  readonly fields?: LogFields;
}

/** Field names whose values never reach a line, at the top and one level below. */
const SECRET_FIELDS = ["authorization", "cookie", "password", "secret", "token", "apiKey"];

/** Structured logging: `{"level":"info","time":"2026-...","msg":"..."}`. Fields named like secrets are replaced by `[secret]`. */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level,
    base: options.fields ?? {},
    messageKey: "msg",
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: () => `,"time":"${new Date(options.clock.nowMs()).toISOString()}"`,
    redact: { paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`]), censor: "[secret]" },
  };
  return wrap(pino(settings, options.destination ?? pino.destination({ dest: 2, sync: true })));
}

function wrap(target: PinoLogger): Logger {
  return {
    debug: (message, fields) => target.debug(printable(fields), message),
    info: (message, fields) => target.info(printable(fields), message),
    warn: (message, fields) => target.warn(printable(fields), message),
    error: (message, fields) => target.error(printable(fields), message),
    child: (fields) => wrap(target.child(printable(fields))),
  };
}

/** JSON knows no bigint; counters in logs are written as their digits. */
function printable(fields: LogFields | undefined): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields ?? {}))
    plain[name] = typeof value === "bigint" ? String(value) : value;
  return plain;
}
