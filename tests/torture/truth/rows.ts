// Rows whose content follows from their name, so that the truth keeps sums and makes single rows anew when it must say which one is missing.
import { createHash } from "node:crypto";

/** One record as it is sent; the values are texts and whole numbers, so that every format and the engine print them alike. */
export type SentRow = Readonly<Record<string, string | number>>;

export interface RowShape {
  readonly unit: string;
  readonly rows: number;
  /** Characters of `note`, which is most of a row. */
  readonly width: number;
}

/** A row with this place in its unit breaks the contract. The first one never does, so that no request is refused as a whole. */
export function isBad(at: number): boolean {
  return at % 41 === 7;
}

/** The rows of a unit, the bad ones among them. `id` is unique over all units. */
export function unitRows({ unit, rows, width }: RowShape): SentRow[] {
  return Array.from({ length: rows }, (_, at) => unitRow(unit, at, width));
}

function unitRow(unit: string, at: number, width: number): SentRow {
  const id = `${unit}:${at}`;
  return { id, unit, ...content(id, width), ...(isBad(at) ? { amount: "-1.00" } : {}) };
}

/** Amount and note that follow from a name. */
export function content(name: string, width: number): { readonly amount: string; readonly note: string } {
  const hex = md5(name);
  const cents = Number.parseInt(hex.slice(0, 6), 16);
  return {
    amount: `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`,
    note: hex.repeat(Math.ceil(width / hex.length)).slice(0, width),
  };
}

/** Hash of a row's columns, as `hashSql` computes it in the engine. */
export function rowHash(columns: readonly string[], row: SentRow): bigint {
  const text = columns.map((column) => String(row[column])).join("\u001f");
  return BigInt(`0x${md5(text).slice(0, hashDigits)}`);
}

export function hashSql(columns: readonly string[]): string {
  const texts = columns.map((column) => `CAST(${column} AS VARCHAR)`).join(", ");
  return `CAST('0x' || left(md5(concat_ws(chr(31), ${texts})), ${hashDigits}) AS BIGINT)`;
}

/** 60 bits: fits a signed 64-bit integer. */
const hashDigits = 15;

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
