// Rows of an answer as text: JSON objects or CSV lines. Compiled once per request shape.
import type { LogicalType, SqlValue } from "@millrace/core";
import type { OutputColumn } from "../sql/output-column.ts";
import { base64, jsonWriter, plainText, type ValueWriter } from "./json-value.ts";
import type { MediaKind } from "./media-type.ts";

/** How rows become a body: `open`, then rows with `separator` between them, then `close`. */
export interface RowWriter {
  readonly open: string;
  readonly separator: string;
  readonly close: string;
  row(values: readonly SqlValue[]): string;
}

export function rowWriter(kind: MediaKind, columns: readonly OutputColumn[]): RowWriter {
  switch (kind) {
    case "json":
      return { open: "[", separator: ",", close: "]", row: jsonRow(columns) };
    case "object":
      return { open: "", separator: "", close: "", row: jsonRow(columns) };
    case "ndjson":
      return { open: "", separator: "\n", close: "\n", row: jsonRow(columns) };
    case "csv": {
      const header = columns.map((column) => csvCell(column.name)).join(",");
      return { open: `${header}\n`, separator: "\n", close: "\n", row: csvRow(columns) };
    }
  }
}

/** The whole body of a page. */
export function writeRows(writer: RowWriter, rows: Iterable<readonly SqlValue[]>): string {
  let body = writer.open;
  let first = true;
  for (const row of rows) {
    body += first ? writer.row(row) : writer.separator + writer.row(row);
    first = false;
  }
  return first && writer.close === "\n" ? body : body + writer.close;
}

function jsonRow(columns: readonly OutputColumn[]): (values: readonly SqlValue[]) => string {
  const writers = columns.map((column) => jsonWriter(column.type));
  const names = columns.map((column, at) => `${at === 0 ? "{" : ","}${JSON.stringify(column.name)}:`);
  return (values) => {
    let text = "";
    for (let at = 0; at < writers.length; at += 1)
      text += (names[at] as string) + (writers[at] as ValueWriter)(values[at] as SqlValue);
    return `${text}}`;
  };
}

function csvRow(columns: readonly OutputColumn[]): (values: readonly SqlValue[]) => string {
  const writers = columns.map((column) => csvWriter(column.type));
  return (values) => {
    let text = "";
    for (let at = 0; at < writers.length; at += 1)
      text += (at === 0 ? "" : ",") + (writers[at] as ValueWriter)(values[at] as SqlValue);
    return text;
  };
}

/** NULL is an empty cell, an empty text is `""`: what Millrace itself reads back as the same. */
function csvWriter(type: LogicalType): ValueWriter {
  switch (type.kind) {
    case "json":
    case "list":
    case "struct": {
      const write = jsonWriter(type);
      return (value) => (value === null ? "" : csvCell(write(value)));
    }
    case "bytes":
      return (value) => (value === null ? "" : base64(value));
    case "string":
    case "enum":
      return (value) => (value === null ? "" : csvCell(plainText(value)));
    default:
      return (value) => (value === null ? "" : plainText(value));
  }
}

function csvCell(text: string): string {
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
