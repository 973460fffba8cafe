// Calendar durations (ISO 8601) and their arithmetic on instants, which are microseconds since the epoch: exact, and without a zone of their own.

/** Months of different lengths and spans of fixed length, apart. */
export interface CalendarDuration {
  readonly months: number;
  readonly micros: bigint;
}

const form =
  /^(-)?P(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** `P1M`, `P30D`, `PT1H`, `PT0.001S`. Undefined when the text is no duration. */
export function parseIsoDuration(text: string): CalendarDuration | undefined {
  const match = form.exec(text.trim());
  if (match === null || match.slice(2).every((part) => part === undefined)) return undefined;
  const part = (at: number): number => Number(match[at] ?? 0);
  const sign = match[1] === undefined ? 1 : -1;
  const seconds = ((part(4) * 7 + part(5)) * 24 + part(6)) * 3600 + part(7) * 60 + part(8);
  return { months: sign * (part(2) * 12 + part(3)) || 0, micros: BigInt(sign * Math.round(seconds * 1_000_000)) };
}

/** The day of a month that is too short is its last one. */
export function addDuration(micros: bigint, { months, micros: span }: CalendarDuration, sign: 1 | -1 = 1): bigint {
  const moved = months === 0 ? micros : addMonths(micros, sign * months);
  return moved + BigInt(sign) * span;
}

function addMonths(micros: bigint, months: number): bigint {
  const day = floorTo(micros, microsPerDay);
  const date = new Date(Number(day / 1000n));
  const target = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + Math.trunc(months), 1));
  const lastDay = new Date(Date.UTC(target.getUTCFullYear(), target.getUTCMonth() + 1, 0)).getUTCDate();
  target.setUTCDate(Math.min(date.getUTCDate(), lastDay));
  return BigInt(target.getTime()) * 1000n + (micros - day);
}

export const microsPerDay = 86_400_000_000n;

/** The largest multiple of `unit` that is not above. */
export function floorTo(micros: bigint, unit: bigint): bigint {
  const rest = micros % unit;
  return micros - (rest < 0n ? rest + unit : rest);
}
