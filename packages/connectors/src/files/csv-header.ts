// Reads the first record of a CSV file: its delimiter and the names of its columns.
import type { ContractDefinition } from "@millrace/core";
import { sourceName } from "./csv-columns.ts";

export interface FirstRecord {
  readonly delimiter: string;
  readonly cells: readonly string[];
}

const candidates = [",", ";", "\t", "|"];

/**
 * The first record, with the declared delimiter or the one that fits best: most names of the contract, then most cells. Undefined while the record
 * is not complete.
 */
export function firstRecord(
  text: string,
  options: {
    readonly contract: ContractDefinition;
    readonly delimiter?: string | undefined;
    readonly quote: string;
    readonly complete: boolean;
  },
): FirstRecord | undefined {
  const known = new Set(options.contract.columns.map((column) => sourceName(column).toLowerCase()));
  let best: { record: FirstRecord; score: readonly [number, number] } | undefined;
  for (const delimiter of options.delimiter === undefined ? candidates : [options.delimiter]) {
    const cells = recordCells(text, { delimiter, quote: options.quote, complete: options.complete });
    if (cells === undefined) return undefined;
    const named = cells.filter((cell) => known.has(cell.trim().toLowerCase())).length;
    const score = [named, cells.length] as const;
    if (best === undefined || score[0] > best.score[0] || (score[0] === best.score[0] && score[1] > best.score[1]))
      best = { record: { delimiter, cells }, score };
  }
  return best?.record;
}

/** The cells of the first record (RFC 4180: quotes are doubled inside quoted cells, which may hold line ends). */
function recordCells(
  text: string,
  { delimiter, quote, complete }: { readonly delimiter: string; readonly quote: string; readonly complete: boolean },
): string[] | undefined {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    const quoted = quote !== "" && text.startsWith(quote, at);
    const cell = quoted ? quotedCell(text, at + quote.length, quote) : { value: "", end: at };
    if (cell === undefined) return undefined;
    const end = cellEnd(text, cell.end, delimiter);
    cells.push(cell.value + text.slice(cell.end, end));
    if (end >= text.length) return complete ? cells : undefined;
    if (text[end] === "\n" || text[end] === "\r") return cells;
    at = end + delimiter.length;
  }
}

function quotedCell(text: string, from: number, quote: string): { value: string; end: number } | undefined {
  let at = from;
  for (;;) {
    const close = text.indexOf(quote, at);
    if (close === -1) return undefined;
    if (!text.startsWith(quote, close + quote.length))
      return { value: text.slice(from, close).replaceAll(quote + quote, quote), end: close + quote.length };
    at = close + 2 * quote.length;
  }
}

function cellEnd(text: string, from: number, delimiter: string): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "\n" || text[at] === "\r" || text.startsWith(delimiter, at)) return at;
  }
  return text.length;
}
