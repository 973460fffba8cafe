// When something must have arrived, as authors write it: `07:30 Europe/Berlin`, `mon-fri 07:30 Europe/Berlin`, or an interval such as `24h`.
import { parseDurationMs } from "./duration.ts";

export type ExpectedBy =
  /** Every day (of `days`, 0 is Sunday) at a time of a zone; what came since the midnight before counts. */
  | {
      readonly kind: "daily";
      readonly hour: number;
      readonly minute: number;
      readonly zone: string;
      readonly days: readonly number[];
    }
  /** Never longer than this without an arrival. */
  | { readonly kind: "interval"; readonly ms: number };

const names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const daily = /^(?:([a-z]{3}(?:[-,][a-z]{3})*)\s+)?([01]\d|2[0-3]):([0-5]\d)\s+(\S+)$/i;

/** Undefined when the text is neither; a time without a zone is none, since it would mean another moment on another machine. */
export function parseExpectedBy(text: string): ExpectedBy | undefined {
  const ms = parseDurationMs(text);
  if (ms !== undefined) return ms > 0 ? { kind: "interval", ms } : undefined;
  const match = daily.exec(text.trim());
  const [, dayText, hour, minute, zone] = match ?? [];
  const days = dayText === undefined ? [0, 1, 2, 3, 4, 5, 6] : daysOf(dayText.toLowerCase());
  if (zone === undefined || days === undefined || !isZone(zone)) return undefined;
  return { kind: "daily", hour: Number(hour), minute: Number(minute), zone, days };
}

function daysOf(text: string): readonly number[] | undefined {
  const days = text.split(",").flatMap((part) => {
    const [from = -1, to = from, ...rest] = part.split("-").map((name) => names.indexOf(name));
    if (from < 0 || to < 0 || rest.length > 0) return [-1];
    // `fri-mon` goes over the end of the week.
    return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, at) => (from + at) % 7);
  });
  return days.includes(-1) ? undefined : [...new Set(days)].sort((a, b) => a - b);
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).format(0) !== "";
  } catch {
    return false;
  }
}
