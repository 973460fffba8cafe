// Writes the report into a folder: an index and a page for each table and model. The same state writes the same bytes.
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import { indexPage } from "./index-page.ts";
import { modelPage } from "./model-page.ts";
import { fileOf, marker } from "./page.ts";
import { graphOf, type Report } from "./report-graph.ts";
import { plainFigures } from "./plain-figures.ts";
import { tablePage } from "./table-page.ts";

export interface WrittenReport {
  readonly index: string;
  readonly pages: number;
  readonly bytes: number;
}

/**
 * Replaces an earlier report; anything else in the folder is refused.
 *
 * @throws MillraceError folder-not-empty
 */
export async function writeReport(received: Report, folder: string): Promise<WrittenReport> {
  await prepare(folder);
  const report = plainFigures(received);
  const tables = join(folder, "tables");
  const index = join(folder, "index.html");
  // Interrupted, the folder is still known as a report.
  await mkdir(folder, { recursive: true });
  await writeFile(index, `${marker}\n`);
  await rm(tables, { recursive: true, force: true });
  await mkdir(tables, { recursive: true });
  let [pages, bytes] = [0, 0];
  const write = async (path: string, text: string): Promise<void> => {
    await writeFile(path, text);
    pages += 1;
    bytes += Buffer.byteLength(text);
  };
  const graph = graphOf(report);
  for (const [at, quality] of report.quality.entries()) {
    const contract = report.contracts[at];
    if (contract !== undefined)
      await write(join(tables, fileOf(quality.table)), tablePage(report, graph, { contract, quality }));
  }
  for (const model of report.models) await write(join(tables, fileOf(model.name)), modelPage(report, graph, model));
  await write(index, indexPage(report, graph));
  return { index, pages, bytes };
}

/** @throws MillraceError folder-not-empty */
async function prepare(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  const others = names.filter((name) => name !== "index.html" && name !== "tables");
  const index = names.includes("index.html") ? await readFile(join(folder, "index.html"), "utf8") : marker;
  if (others.length === 0 && index.startsWith(marker) && (names.length === 0 || names.includes("index.html"))) return;
  throw new MillraceError(
    "folder-not-empty",
    `${folder} holds something that is no report of Millrace; nothing was written.`,
    {
      hint: "Name an empty folder, or one that is not there yet: millrace docs --out <folder>.",
      details: { folder, found: (others[0] ?? names[0] ?? "").slice(0, 200) },
    },
  );
}
