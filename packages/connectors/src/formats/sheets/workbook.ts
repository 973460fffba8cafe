// Opens an XLSX workbook: its sheets in their order, its calendar, its styles and texts (ECMA-376 part 1, 12.3).
import { isMillraceError } from "@millrace/core";
import type { ZipArchive } from "../archive/zip-archive.ts";
import { fileFault } from "../file-fault.ts";
import { withoutEntities } from "../xml/xml-text.ts";
import { momentStyles } from "./cell-styles.ts";
import type { CellSink, MergedCells } from "./cell-sink.ts";
import { readSharedStrings, SharedStrings, SharedStringsError } from "./shared-strings.ts";
import { SheetScanner, SheetSyntaxError } from "./sheet-scanner.ts";

export interface SheetName {
  readonly name: string;
  readonly hidden: boolean;
}

/** One opened workbook, whatever its kind. */
export interface Workbook {
  readonly sheets: readonly SheetName[];
  readonly date1904: boolean;
  /** By style index: shows its number as a date or time. */
  readonly moments: readonly boolean[];
  /** Texts that cells refer to; the first `wanted` are enough for what is read next. */
  texts(wanted?: number): Promise<SharedStrings>;
  /** Hands all cells of the sheet to the sink until it has enough; returns the merged cells, undefined when it stopped before they are known. */
  scan(sheet: string, sink: CellSink): Promise<readonly MergedCells[] | undefined>;
  close(): void;
}

const partBytesMax = 32 * 1024 * 1024;

/** @throws MillraceError file-unreadable, file-too-large */
export function openXlsx(archive: ZipArchive, path: string): Promise<Workbook> {
  return XlsxWorkbook.read(archive, path);
}

class XlsxWorkbook implements Workbook {
  readonly sheets: readonly SheetName[];
  readonly date1904: boolean;
  readonly moments: readonly boolean[];
  readonly #archive: ZipArchive;
  readonly #path: string;
  readonly #parts: ReadonlyMap<string, string>;
  readonly #textsPart: string | undefined;

  private constructor(archive: ZipArchive, path: string, book: BookXml, moments: readonly boolean[]) {
    this.#archive = archive;
    this.#path = path;
    this.sheets = book.sheets;
    this.date1904 = book.date1904;
    this.moments = moments;
    this.#parts = book.parts;
    this.#textsPart = book.textsPart;
  }

  static async read(archive: ZipArchive, path: string): Promise<XlsxWorkbook> {
    const bookPart = await workbookPart(archive, path);
    const folder = bookPart.slice(0, bookPart.lastIndexOf("/") + 1);
    const relations = folder + "_rels/" + bookPart.slice(folder.length) + ".rels";
    if (!archive.has(bookPart) || !archive.has(relations))
      throw fileFault(
        "file-unreadable",
        path,
        `is no workbook: it has no ${archive.has(bookPart) ? relations : bookPart}`,
      );
    const targets = relationTargets(await archive.text(relations, partBytesMax), folder);
    const book = bookOf(await archive.text(bookPart, partBytesMax), targets);
    const styles = [...targets.values()].find(({ type }) => type.endsWith("/styles"))?.part;
    const moments =
      styles === undefined || !archive.has(styles) ? [] : momentStyles(await archive.text(styles, partBytesMax));
    return new XlsxWorkbook(archive, path, book, moments);
  }

  async texts(wanted?: number): Promise<SharedStrings> {
    const part = this.#textsPart;
    if (part === undefined || !this.#archive.has(part)) return new SharedStrings();
    try {
      return await readSharedStrings(this.#archive.read(part), wanted);
    } catch (thrown) {
      if (thrown instanceof SharedStringsError) throw fileFault("file-too-large", this.#path, thrown.message);
      throw this.#fault(thrown, "its table of texts");
    }
  }

  async scan(sheet: string, sink: CellSink): Promise<readonly MergedCells[] | undefined> {
    const part = this.#parts.get(sheet);
    if (part === undefined || !this.#archive.has(part))
      throw fileFault("file-unreadable", this.#path, `names the sheet "${sheet}", whose content is not in it`);
    const scanner = new SheetScanner(sink);
    try {
      for await (const chunk of this.#archive.read(part)) if (!scanner.push(chunk)) return undefined;
      scanner.end();
      return scanner.merged;
    } catch (thrown) {
      throw this.#fault(thrown, `sheet "${sheet}"`);
    }
  }

  close(): void {
    this.#archive.close();
  }

  #fault(thrown: unknown, where: string): unknown {
    if (isMillraceError(thrown)) return thrown;
    if (thrown instanceof SheetSyntaxError || thrown instanceof SyntaxError)
      return fileFault("file-unreadable", this.#path, `is not sound: ${where} ${thrown.message}`);
    return thrown;
  }
}

interface BookXml {
  readonly sheets: readonly SheetName[];
  readonly date1904: boolean;
  readonly parts: ReadonlyMap<string, string>;
  readonly textsPart: string | undefined;
}

interface Target {
  readonly type: string;
  readonly part: string;
}

async function workbookPart(archive: ZipArchive, path: string): Promise<string> {
  if (!archive.has("_rels/.rels")) throw fileFault("file-unreadable", path, "is a zip archive, but no workbook");
  const roots = relationTargets(await archive.text("_rels/.rels", partBytesMax), "");
  return [...roots.values()].find(({ type }) => type.endsWith("/officeDocument"))?.part ?? "xl/workbook.xml";
}

function bookOf(xml: string, targets: ReadonlyMap<string, Target>): BookXml {
  const sheets: SheetName[] = [];
  const parts = new Map<string, string>();
  for (const [tag] of xml.matchAll(/<(?:\w+:)?sheet\s[^>]*>/g)) {
    const { name, state, ...rest } = attributes(tag);
    const id = Object.entries(rest).find(([key]) => key.endsWith(":id"))?.[1];
    const target = id === undefined ? undefined : targets.get(id);
    // Charts and dialogs have no cells.
    if (name === undefined || target?.type.endsWith("/worksheet") !== true) continue;
    sheets.push({ name, hidden: state === "hidden" || state === "veryHidden" });
    parts.set(name, target.part);
  }
  const [properties = ""] = /<(?:\w+:)?workbookPr\b[^>]*>/.exec(xml) ?? [];
  const date1904 = ["1", "true"].includes(attributes(properties)["date1904"] ?? "");
  const textsPart = [...targets.values()].find(({ type }) => type.endsWith("/sharedStrings"))?.part;
  return { sheets, date1904, parts, textsPart };
}

function relationTargets(xml: string, folder: string): ReadonlyMap<string, Target> {
  const found = [...xml.matchAll(/<(?:\w+:)?Relationship\s[^>]*>/g)].map(([tag]) => attributes(tag));
  return new Map(
    found.map(({ Id = "", Type = "", Target: target = "" }) => {
      const part = target.startsWith("/") ? target.slice(1) : new URL(target, `file:///${folder}`).pathname.slice(1);
      return [Id, { type: Type, part: decodeURIComponent(part) }];
    }),
  );
}

function attributes(tag: string): Readonly<Record<string, string>> {
  const found = tag.matchAll(/([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
  return Object.fromEntries(
    [...found].map(([, name, double, single]) => [name, withoutEntities(double ?? single ?? "")]),
  );
}
