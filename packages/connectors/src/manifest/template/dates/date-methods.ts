// Methods of dates, datetimes and spans in templates.
import { callable, demandText, parameters, type Call, type Parameter } from "../callables.ts";
import { float, isInt, PythonError, PyTuple, type DateLike } from "../python-values.ts";
import { civilDate, dayNumber, daysInMonth, isoWeek, microsPerSecond, weekday } from "./calendar.ts";
import { fixedZone, PyDate, PyDatetime, utc, type Zone } from "./date-values.ts";
import { PyTimedelta } from "./duration-values.ts";
import { strftime } from "./strftime.ts";

interface Method<T> {
  readonly parameters: readonly Parameter[];
  readonly call: (self: T) => Call;
}

const none = parameters();
const kept = undefined;

const both: Readonly<Record<string, Method<PyDate | PyDatetime>>> = {
  strftime: {
    parameters: parameters("format"),
    call: (self) => (format) => strftime(self, demandText(format, "strftime() argument 1")),
  },
  weekday: { parameters: none, call: (self) => () => weekday(self.days) },
  isoweekday: { parameters: none, call: (self) => () => weekday(self.days) + 1 },
  toordinal: { parameters: none, call: (self) => () => self.days - dayNumber(1, 1, 1) + 1 },
  isocalendar: { parameters: none, call: (self) => () => new PyTuple(Object.values(isoWeek(self.days))) },
  ctime: { parameters: none, call: (self) => () => strftime(self, "%c") },
};

const dates: Readonly<Record<string, Method<PyDate>>> = {
  isoformat: { parameters: none, call: (self) => () => self.text() },
  replace: {
    parameters: parameters(["year", kept], ["month", kept], ["day", kept]),
    call:
      (self) =>
      (...parts) =>
        new PyDate(replacedDay(self.days, parts)),
  },
};

const datetimes: Readonly<Record<string, Method<PyDatetime>>> = {
  isoformat: {
    parameters: parameters(["sep", "T"], ["timespec", "auto"]),
    call: (self) => (separator, timespec) =>
      self.isoformat(demandText(separator, "sep"), demandText(timespec, "timespec")),
  },
  timestamp: { parameters: none, call: (self) => () => float(self.timestamp()) },
  date: { parameters: none, call: (self) => () => new PyDate(self.days) },
  astimezone: { parameters: parameters(["tz", null]), call: (self) => (zone) => self.inZone(zoneOf(zone) ?? utc) },
  utcoffset: {
    parameters: none,
    call: (self) => () => (self.zone === null ? null : new PyTimedelta(0, self.zone.offsetSeconds * microsPerSecond)),
  },
  tzname: { parameters: none, call: (self) => () => self.zone?.name ?? null },
  replace: {
    parameters: parameters(
      ["year", kept],
      ["month", kept],
      ["day", kept],
      ["hour", kept],
      ["minute", kept],
      ["second", kept],
      ["microsecond", kept],
      ["tzinfo", kept],
    ),
    call:
      (self) =>
      (...parts) =>
        replaced(self, parts),
  },
};

const spans: Readonly<Record<string, Method<PyTimedelta>>> = {
  total_seconds: { parameters: none, call: (self) => () => float(self.totalSeconds) },
};

function replacedDay(days: number, parts: readonly unknown[]): number {
  const { year, month, day } = civilDate(days);
  const [newYear, newMonth, newDay] = [year, month, day].map((value, at) =>
    parts[at] === kept ? value : demandInt(parts[at]),
  ) as [number, number, number];
  if (newMonth < 1 || newMonth > 12) throw new PythonError("ValueError", "month must be in 1..12");
  if (newDay < 1 || newDay > daysInMonth(newYear, newMonth))
    throw new PythonError("ValueError", "day is out of range for month");
  return dayNumber(newYear, newMonth, newDay);
}

function demandInt(value: unknown): number {
  if (!isInt(value)) throw new PythonError("TypeError", "an integer is required");
  return Number(value);
}

function replaced(self: PyDatetime, parts: readonly unknown[]): PyDatetime {
  const seconds = Math.floor(self.micros / microsPerSecond);
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60, self.microsecond];
  const limits = [24, 60, 60, microsPerSecond];
  const [hour, minute, second, micro] = clock.map((value, at) => {
    const chosen = parts[at + 3] === kept ? value : demandInt(parts[at + 3]);
    if (chosen < 0 || chosen >= (limits[at] ?? 0))
      throw new PythonError("ValueError", `a part of the time is out of range: ${chosen}`);
    return chosen;
  }) as [number, number, number, number];
  const micros = (hour * 3600 + minute * 60 + second) * microsPerSecond + micro;
  return new PyDatetime(replacedDay(self.days, parts), micros, parts[7] === kept ? self.zone : zoneOf(parts[7]));
}

/** A zone as `tzinfo` of another date gives it: its name. */
function zoneOf(value: unknown): Zone | null {
  if (value === null) return null;
  const [, sign, hours, minutes, seconds] =
    /^UTC(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(typeof value === "string" ? value : "") ?? [];
  if (sign !== undefined)
    return fixedZone((sign === "-" ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0)));
  if (value === utc.name) return utc;
  throw new PythonError("TypeError", "tzinfo argument must be None or of a tzinfo subclass");
}

/** The method bound to the value, or undefined. */
export function dateMethod(value: DateLike, name: string): unknown {
  if (value instanceof PyDatetime) return bound(value, name, datetimes) ?? bound(value, name, both);
  if (value instanceof PyDate) return bound(value, name, dates) ?? bound(value, name, both);
  return value instanceof PyTimedelta ? bound(value, name, spans) : undefined;
}

function bound<T>(self: T, name: string, methods: Readonly<Record<string, Method<T>>>): unknown {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  return method === undefined ? undefined : callable(name, method.parameters, method.call(self));
}
