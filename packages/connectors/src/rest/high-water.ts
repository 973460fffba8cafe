// The highest value of a stream's `since` field, as text and exact: instants to the nanosecond, numbers without rounding.
import { parseDurationMs } from "@millrace/core";

type Kind = "instant" | "number" | "text";

const instantForm =
  /^(\d{4})-(\d{2})-(\d{2})(?:([T ])(\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?\s*(Z|[+-]\d{2}:?\d{2})?)?$/i;
const numberForm = /^-?\d+(\.\d+)?$/;
const nanosPerMs = 1_000_000n;
const decimals = 9;

/** Nanoseconds since the epoch; without a zone the text is read as UTC. Undefined when the text is no ISO date or instant. */
export function instantNanos(text: string): bigint | undefined {
  const match = instantForm.exec(text);
  if (match === null) return undefined;
  const part = (at: number): number => Number(match[at] ?? 0);
  const ms = Date.UTC(part(1), part(2) - 1, part(3), part(5), part(6), part(7)) - offsetMs(match[9]);
  if (Number.isNaN(ms)) return undefined;
  return BigInt(ms) * nanosPerMs + BigInt((match[8] ?? "").padEnd(9, "0"));
}

function offsetMs(zone: string | undefined): number {
  if (zone === undefined || zone.toUpperCase() === "Z") return 0;
  const sign = zone.startsWith("-") ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))) * 60_000;
}

function kindOf(text: string): Kind {
  if (instantNanos(text) !== undefined) return "instant";
  return numberForm.test(text) ? "number" : "text";
}

/** A number in units of 10^-9, exact for up to nine decimals. */
function scaled(text: string): bigint {
  const [whole = "0", fraction = ""] = text.replace("-", "").split(".");
  const value = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, "0"));
  return text.startsWith("-") ? -value : value;
}

function isHigher(text: string, than: string, kind: Kind): boolean {
  if (kind === "instant") return (instantNanos(text) ?? 0n) > (instantNanos(than) ?? 0n);
  return kind === "number" ? scaled(text) > scaled(than) : text > than;
}

export interface HighWater {
  readonly value: string | undefined;
  /** Values that cannot be compared with the others, or lie in the future: they do not move the mark, else one bad record would hide all later ones. */
  readonly ignored: number;
}

/** How far an upstream's clock may be ahead. */
const aheadMsMax = 86_400_000;

/** The mark after these values. All of one kind count: that of the mark, else instants before numbers before other texts. */
export function raiseHighWater(mark: string | undefined, values: readonly string[], nowMs: number): HighWater {
  const kinds = values.map(kindOf);
  const kind =
    mark !== undefined
      ? kindOf(mark)
      : (["instant", "number", "text"] as const).find((wanted) => kinds.includes(wanted));
  if (kind === undefined) return { value: mark, ignored: 0 };
  const limit = BigInt(Math.floor(nowMs) + aheadMsMax) * nanosPerMs;
  let value = mark;
  let ignored = 0;
  for (const [at, text] of values.entries()) {
    const counts = kinds[at] === kind && (kind !== "instant" || (instantNanos(text) ?? 0n) <= limit);
    if (!counts) ignored += 1;
    else if (value === undefined || isHigher(text, value, kind)) value = text;
  }
  return { value, ignored };
}

/** The mark, moved back. Undefined when the lookback does not fit the mark's kind. */
export function lookBack(mark: string, lookback: string | number): string | undefined {
  const kind = kindOf(mark);
  if (typeof lookback === "number")
    return kind === "number" ? String(unscaled(scaled(mark) - scaled(String(lookback)))) : undefined;
  const nanos = instantNanos(mark);
  const ms = parseDurationMs(lookback);
  return nanos === undefined || ms === undefined
    ? undefined
    : likeMark(nanos - BigInt(Math.round(ms)) * nanosPerMs, mark);
}

function unscaled(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  const fraction = digits.slice(-decimals).replace(/0+$/, "");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -decimals)}${fraction === "" ? "" : `.${fraction}`}`;
}

/** Written as the mark is: date alone, with as many decimals, with Z where the mark names a zone. */
function likeMark(nanos: bigint, mark: string): string {
  const match = instantForm.exec(mark);
  const nanosPerDay = 86_400_000n * nanosPerMs;
  const floorMs = Number((nanos - (((nanos % nanosPerMs) + nanosPerMs) % nanosPerMs)) / nanosPerMs);
  const iso = new Date(floorMs).toISOString();
  // A date alone stands for its whole day: the lookback begins at the start of the day it reaches.
  if (match?.[4] === undefined)
    return new Date(Number((nanos - (((nanos % nanosPerDay) + nanosPerDay) % nanosPerDay)) / nanosPerMs))
      .toISOString()
      .slice(0, 10);
  const places = match[8]?.length ?? 0;
  const rest = (((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n)
    .toString()
    .padStart(9, "0")
    .slice(0, places);
  return `${iso.slice(0, 10)}${match[4]}${iso.slice(11, 19)}${places === 0 ? "" : `.${rest}`}${match[9] === undefined ? "" : "Z"}`;
}
