// Functions that templates can call by name: dates, extremes, text. Time and chance come from the surroundings.
import { callable, demandText, parameters } from "./callables.ts";
import { formatDatetime, parseDatetime } from "./dates/cursor-format.ts";
import { PyDate, PyDatetime, utc } from "./dates/date-values.ts";
import { parsePeriod, PyTimedelta } from "./dates/duration-values.ts";
import { parseIso } from "./dates/iso-datetime.ts";
import { strftime } from "./dates/strftime.ts";
import { strptime } from "./dates/strptime.ts";
import type { Macros, Surroundings } from "./environment.ts";
import { dictOf } from "./list-filters.ts";
import { wholePart } from "./python-format.ts";
import { compare, float, int, isInt, isNumeric, iterate, PyCallable, PythonError, typeName } from "./python-values.ts";
import { quotePlus } from "./url-text.ts";

const pythonStamp = "%Y-%m-%dT%H:%M:%S.%f%z";

/** Every macro by name. */
export function macros(surroundings: Surroundings): Macros {
  const now = (): PyDatetime => PyDatetime.fromEpochMicros(surroundings.nowMicros());
  const all = [
    callable("now_utc", parameters(), () => now()),
    callable("today_utc", parameters(), () => new PyDate(now().days)),
    callable("today_with_timezone", parameters("timezone"), (zone) => today(now(), demandText(zone, "timezone"))),
    callable("timestamp", parameters("dt"), timestamp),
    callable("str_to_datetime", parameters("s"), (text) => toUtc(demandText(text, "the date"))),
    callable("day_delta", parameters("num_days", ["format", pythonStamp]), (days, format) =>
      dayDelta(now(), days, format),
    ),
    callable("duration", parameters("datestring"), (text) => parsePeriod(demandText(text, "the period"))),
    callable("format_datetime", parameters("dt", "format", ["input_format", null]), formatAny),
    callable("sanitize_url", parameters("value"), (value) => quotePlus(demandText(value, "the value"))),
    callable("camel_case_to_snake_case", parameters("value"), (value) => snakeCase(demandText(value, "the value"))),
    callable("generate_uuid", parameters(), () => surroundings.uuid()),
    new PyCallable("max", (args) => extreme("max", args)),
    new PyCallable("min", (args) => extreme("min", args)),
    new PyCallable("dict", dictOf),
    new PyCallable("namespace", dictOf),
  ];
  return new Map(all.map((macro) => [macro.name, macro]));
}

function toUtc(text: string): PyDatetime {
  const parsed = parseIso(text);
  return parsed.zone === null ? parsed.withZone(utc) : parsed.inZone(utc);
}

function timestamp(value: unknown): unknown {
  if (isInt(value) || typeof value === "boolean") return int(BigInt(value));
  if (isNumeric(value)) return int(wholePart(value));
  return float(toUtc(demandText(value, "the date")).timestamp());
}

function today(now: PyDatetime, zone: string): PyDate {
  const millis = Number(now.epochMicros() / 1000n);
  try {
    const parts = new Intl.DateTimeFormat("en-CA", {
      timeZone: zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
    }).format(millis);
    return new PyDate(parseIso(parts).days);
  } catch (thrown) {
    if (thrown instanceof RangeError) throw new PythonError("UnknownTimeZoneError", zone);
    throw thrown;
  }
}

function dayDelta(now: PyDatetime, days: unknown, format: unknown): string {
  if (!isNumeric(days))
    throw new PythonError("TypeError", `unsupported type for timedelta days component: ${typeName(days)}`);
  return strftime(now.plus(new PyTimedelta(1, 0).times(days)), demandText(format, "format"));
}

function formatAny(value: unknown, format: unknown, inputFormat: unknown): string {
  const wanted = demandText(format, "format");
  if (value instanceof PyDatetime) return strftime(value, wanted);
  const parsed = parseAny(value, inputFormat);
  return formatDatetime(parsed.zone === null ? parsed.withZone(utc) : parsed, wanted);
}

function parseAny(value: unknown, inputFormat: unknown): PyDatetime {
  const given = inputFormat === null || inputFormat === "" ? null : demandText(inputFormat, "input_format");
  if (isInt(value) || typeof value === "boolean") return parseDatetime(Number(value), given ?? "%s");
  const text = demandText(value, "the date");
  return given === null ? toUtc(text) : strptime(text, given);
}

function snakeCase(text: string): string {
  return text.replace(/(?<!^)(?=[A-Z])/g, "_").toLowerCase();
}

function extreme(name: "max" | "min", args: readonly unknown[]): unknown {
  const items = args.length === 1 ? iterate(args[0]) : args;
  if (items.length === 0)
    throw new PythonError(args.length === 0 ? "TypeError" : "ValueError", `${name}() arg is an empty sequence`);
  const sign = name === "max" ? 1 : -1;
  return items.reduce((best, item) => (sign * compare(item, best, name === "max" ? ">" : "<") > 0 ? item : best));
}
