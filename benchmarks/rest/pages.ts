// The pages that the benchmark reads: records of about 1 KB, 500 to a page, written to disk once. The baselines read these files, the upstream serves
// them as they are.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { contract, t } from "@millrace/core";

export const pageRows = 500;

export const Item = contract("items", {
  id: t.int64().min(0),
  name: t.string(),
  price: t.decimal(12, 2).min(0),
  seen_at: t.timestamp(),
  kind: t.enum("a", "b", "c"),
  note: t.string(),
});

/** What the engine calls the same types. */
export const engineFields =
  "id BIGINT, name VARCHAR, price DECIMAL(12, 2), seen_at TIMESTAMPTZ, kind VARCHAR, note VARCHAR";

/** Fields that nobody asked for, as APIs send them. */
const filler = "x".repeat(560);

/** Writes all pages of so many rows. @param folder is created */
export function writePages(folder: string, rows: number): void {
  mkdirSync(folder, { recursive: true });
  for (let from = 0; from < rows; from += pageRows) writeFileSync(pagePath(folder, from), pageOf(from, rows));
}

/** File of the page that begins at this row. */
export function pagePath(folder: string, from: number): string {
  return join(folder, `${from}.json`);
}

/** The page that begins at this row; the last one names no next page. */
function pageOf(from: number, rows: number): string {
  const data: string[] = [];
  for (let id = from; id < Math.min(from + pageRows, rows); id += 1)
    data.push(
      `{"id":${id},"name":"item ${id}","price":${(id % 10_000) / 100},"seen_at":"2026-01-01T00:00:${String(id % 60).padStart(2, "0")}Z","kind":"${"abc"[id % 3] ?? ""}","note":"${"words of a note, ".repeat(12)}","other":{"filler":"${filler}","tags":["a","b"]}}`,
    );
  const next = from + pageRows < rows ? String(from + pageRows) : null;
  return `{"data":[${data.join(",")}],"next":${JSON.stringify(next)},"total":${rows}}`;
}
