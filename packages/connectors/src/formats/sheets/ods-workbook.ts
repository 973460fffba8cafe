// Opens an ODS workbook (OpenDocument 1.3, part 3): its content is one XML document, which is scanned for the sheet that is wanted.
import { isMillraceError } from "@millrace/core";
import type { ZipArchive } from "../archive/zip-archive.ts";
import { fileFault } from "../file-fault.ts";
import { XmlError, XmlScanner, type XmlTaker } from "../xml/xml-scanner.ts";
import type { CellSink, MergedCells } from "./cell-sink.ts";
import { OdsCells, OdsSheetNames } from "./ods-cells.ts";
import { SharedStrings } from "./shared-strings.ts";
import type { SheetName, Workbook } from "./workbook.ts";

const manifestBytesMax = 16 * 1024 * 1024;
const contentPart = "content.xml";

/** @throws MillraceError file-encrypted, file-unreadable, file-too-large */
export async function openOds(archive: ZipArchive, path: string): Promise<Workbook> {
  const manifest = "META-INF/manifest.xml";
  if (archive.has(manifest) && (await archive.text(manifest, manifestBytesMax)).includes("encryption-data"))
    throw fileFault("file-encrypted", path, "is protected by a password");
  if (!archive.has(contentPart)) throw fileFault("file-unreadable", path, `is no workbook: it has no ${contentPart}`);
  const names = new OdsSheetNames();
  await scanContent(archive, path, names);
  return new OdsWorkbook(archive, path, names.sheets);
}

class OdsWorkbook implements Workbook {
  readonly sheets: readonly SheetName[];
  readonly date1904 = false;
  readonly moments: readonly boolean[] = [];
  readonly #archive: ZipArchive;
  readonly #path: string;

  constructor(archive: ZipArchive, path: string, sheets: readonly SheetName[]) {
    this.#archive = archive;
    this.#path = path;
    this.sheets = sheets;
  }

  texts(): Promise<SharedStrings> {
    return Promise.resolve(new SharedStrings());
  }

  async scan(sheet: string, sink: CellSink): Promise<readonly MergedCells[] | undefined> {
    const cells = new OdsCells(sheet, sink);
    await scanContent(this.#archive, this.#path, cells);
    return cells.whole ? cells.merged : undefined;
  }

  close(): void {
    this.#archive.close();
  }
}

/** Ends early when the taker has enough. */
async function scanContent(
  archive: ZipArchive,
  path: string,
  taker: XmlTaker & { readonly enough: boolean },
): Promise<void> {
  const scanner = new XmlScanner(taker);
  try {
    for await (const chunk of archive.read(contentPart)) {
      scanner.push(chunk);
      if (taker.enough) return;
    }
    scanner.end();
  } catch (thrown) {
    if (isMillraceError(thrown) || !(thrown instanceof XmlError || thrown instanceof SyntaxError)) throw thrown;
    throw fileFault("file-unreadable", path, `is not sound: its ${contentPart} ${thrown.message}`);
  }
}
