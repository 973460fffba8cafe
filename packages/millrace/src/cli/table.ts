// Rows for people: aligned columns, numbers to the right, nothing that could move the terminal's cursor.
import { isRawNumber, stringifyExact } from "@millrace/core";

/** One value as text: exact digits, JSON for nested values, empty for NULL. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (isRawNumber(value)) return value.rawJSON;
  if (typeof value === "object") return stringifyExact(value);
  return String(value as string | number | bigint | boolean);
}

/** @param columns names; `rows` in their order */
export function formatTable(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = rows.map((row) => row.map((value) => printable(cellText(value))));
  const right = columns.map((_, at) => rows.length > 0 && rows.every((row) => isNumber(row[at])));
  const widths = columns.map((name, at) => Math.max(width(name), ...cells.map((row) => width(row[at] ?? ""))));
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, at) => pad(text, widths[at] ?? 0, right[at] ?? false))
      .join("  ")
      .trimEnd();
  return [line(columns), line(widths.map((size) => "-".repeat(size))), ...cells.map(line)].join("\n");
}

/** RFC 4180: quotes where a cell holds a comma, a quote or a line end. */
export function formatCsv(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return [columns, ...rows].map((row) => `${row.map((value) => csvCell(cellText(value))).join(",")}\r\n`).join("");
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function isNumber(value: unknown): boolean {
  return value === null || typeof value === "number" || typeof value === "bigint" || isRawNumber(value);
}

/** Control characters as escapes: data must not be able to speak to the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (char) =>
    char === "\n" ? "\\n" : char === "\t" ? "\\t" : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function width(text: string): number {
  return Array.from(text).length;
}

function pad(text: string, size: number, right: boolean): string {
  const blanks = " ".repeat(Math.max(0, size - width(text)));
  return right ? blanks + text : text + blanks;
}
