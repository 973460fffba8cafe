// The log for someone who watches a terminal: one short line per call. Programs get JSON lines from runtime's logger instead.
import { stringifyExact, type Clock, type LogFields, type Logger } from "@millrace/core";
import type { LogLevel } from "@millrace/runtime";
import type { Output } from "./io.ts";

const order: readonly LogLevel[] = ["debug", "info", "warn", "error", "silent"];
const FIELDS_LENGTH_MAX = 400;

export function terminalLog(
  err: Output,
  { level, clock, fields = {} }: { readonly level: LogLevel; readonly clock: Clock; readonly fields?: LogFields },
): Logger {
  const write =
    (at: LogLevel) =>
    (message: string, own: LogFields = {}): void => {
      if (order.indexOf(at) < order.indexOf(level)) return;
      const time = new Date(clock.nowMs()).toISOString().slice(11, 19);
      err.write(`${time} ${at.padEnd(5)} ${message}${fieldText({ ...fields, ...own })}\n`);
    };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (more) => terminalLog(err, { level, clock, fields: { ...fields, ...more } }),
  };
}

/** Errors as their code and message; everything else as JSON. */
function fieldText(fields: LogFields): string {
  const text = Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : shown(value)}`)
    .join(" ");
  return text === "" ? "" : `  ${text.slice(0, FIELDS_LENGTH_MAX)}`;
}

function shown(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value as number);
  if ("code" in value && "message" in value) return `[${String(value.code)}] ${String(value.message)}`;
  return stringifyExact(value);
}
