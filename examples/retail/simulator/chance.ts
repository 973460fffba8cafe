// Seeded chance and small formatting pieces of the simulator.

/** Mulberry32: the same seed gives the same world. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761) >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Uniform integer from `from` to `to`, both included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.int(0, items.length - 1)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  }

  shuffle<T>(items: T[]): T[] {
    for (let at = items.length - 1; at > 0; at -= 1) {
      const other = this.int(0, at);
      [items[at], items[other]] = [items[other] as T, items[at] as T];
    }
    return items;
  }
}

/** 1234 -> "12.34" */
export function money(cents: number): string {
  const text = String(Math.abs(cents)).padStart(3, "0");
  return `${cents < 0 ? "-" : ""}${text.slice(0, -2)}.${text.slice(-2)}`;
}

export function sku(number: number): string {
  return `SKU-${String(number).padStart(5, "0")}`;
}

/** First moment of the simulated week: 2 March 2026, a Monday. */
export const weekStartMs = Date.UTC(2026, 2, 2);

/** ISO text with microseconds, e.g. 2026-03-02T08:00:00.000123Z. */
export function instant(offsetMs: number, micros = 0): string {
  return new Date(weekStartMs + offsetMs).toISOString().replace("Z", `${String(micros).padStart(3, "0")}Z`);
}

export function csv(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, string | number | null>>[],
): string {
  const lines = rows.map((row) => columns.map((column) => cell(row[column] ?? null)).join(","));
  return `${[columns.join(","), ...lines].join("\n")}\n`;
}

function cell(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
