// Takes the tags of an ODS document's content, and gives the cells of one sheet on. Repeated cells and rows stand in it once.
import { attributesOf, localName, type XmlTaker } from "../xml/xml-scanner.ts";
import { sheetBounds } from "./cell-address.ts";
import type { CellSink, MergedCells } from "./cell-sink.ts";
import type { SheetName } from "./workbook.ts";

/** The names of the sheets, and which are hidden. */
export class OdsSheetNames implements XmlTaker {
  readonly sheets: SheetName[] = [];
  readonly wantsText = false;
  readonly enough = false;
  readonly #hiddenStyles = new Set<string>();
  #style = "";

  open(name: string, tag: string): void {
    if (name === "style:style") this.#style = attributesOf(tag).get("style:name") ?? "";
    else if (name === "style:table-properties") {
      if (attributesOf(tag).get("table:display") === "false") this.#hiddenStyles.add(this.#style);
    } else if (name === "table:table") {
      const attributes = attributesOf(tag);
      const hidden = this.#hiddenStyles.has(attributes.get("table:style-name") ?? "");
      this.sheets.push({ name: attributes.get("table:name") ?? "", hidden });
    }
  }

  close(): void {
    // Only what opens tells something.
  }

  text(): void {
    // Not wanted.
  }
}

type Cell = (sink: CellSink, column: number) => void;

const mergedMax = 100_000;

export class OdsCells implements XmlTaker {
  readonly merged: MergedCells[] = [];
  /** The sheet was seen to its end. */
  whole = false;
  enough = false;
  readonly #sheet: string;
  readonly #sink: CellSink;
  #inside = false;
  #row = 0;
  #rowTimes = 1;
  #column = 0;
  #cells: { readonly column: number; readonly times: number; readonly give: Cell }[] = [];
  #cell: ReadonlyMap<string, string> | undefined;
  #text: string[] = [];
  /** Depth of comments, whose text is not the cell's. */
  #aside = 0;

  constructor(sheet: string, sink: CellSink) {
    this.#sheet = sheet;
    this.#sink = sink;
  }

  get wantsText(): boolean {
    return this.#cell !== undefined && this.#aside === 0;
  }

  open(name: string, tag: string): void {
    if (this.enough) return;
    if (name === "table:table") this.#inside = attributesOf(tag).get("table:name") === this.#sheet;
    if (!this.#inside) return;
    switch (name) {
      case "table:table-row":
        this.#rowTimes = times(attributesOf(tag).get("table:number-rows-repeated"));
        this.#row += 1;
        this.#column = 0;
        this.#cells = [];
        return;
      case "table:table-cell":
      case "table:covered-table-cell":
        this.#cell = attributesOf(tag);
        this.#text = [];
        return;
      case "office:annotation":
        this.#aside += 1;
        return;
      case "text:p":
        if (this.wantsText && this.#text.length > 0) this.#text.push("\n");
        return;
      case "text:s":
        if (this.wantsText) this.#text.push(" ".repeat(Math.min(10_000, times(attributesOf(tag).get("text:c")))));
        return;
      case "text:tab":
      case "text:line-break":
        if (this.wantsText) this.#text.push(name === "text:tab" ? "\t" : "\n");
    }
  }

  close(name: string): void {
    if (!this.#inside || this.enough) return;
    switch (localName(name)) {
      case "table":
        if (name !== "table:table") return;
        this.#inside = false;
        this.whole = true;
        this.enough = true;
        return;
      case "table-row":
        return this.#giveRow();
      case "table-cell":
      case "covered-table-cell":
        return this.#endCell();
      case "annotation":
        this.#aside -= 1;
    }
  }

  text(text: string): void {
    // Spaces between the paragraphs of a cell are layout; a cell's own text stands in paragraphs.
    if (this.#text.length > 0 || text.trim() !== "") this.#text.push(text);
  }

  #endCell(): void {
    const attributes = this.#cell ?? new Map<string, string>();
    this.#cell = undefined;
    const repeated = times(attributes.get("table:number-columns-repeated"));
    const column = this.#column + 1;
    this.#column += repeated;
    this.#merge(attributes, column);
    const give = valueOf(attributes, this.#text.join("").trimEnd());
    if (give !== undefined && column <= sheetBounds.columns) this.#cells.push({ column, times: repeated, give });
  }

  #merge(attributes: ReadonlyMap<string, string>, column: number): void {
    const columns = times(attributes.get("table:number-columns-spanned"));
    const rows = times(attributes.get("table:number-rows-spanned"));
    if (columns * rows === 1 || this.merged.length >= mergedMax) return;
    const lastRow = this.#row + rows - 1;
    this.merged.push({ firstRow: this.#row, lastRow, firstColumn: column, lastColumn: column + columns - 1 });
  }

  #giveRow(): void {
    const last = this.#row + this.#rowTimes - 1;
    if (this.#cells.length === 0) {
      this.#row = last;
      return;
    }
    for (; ; this.#row += 1) {
      if (this.#row > sheetBounds.rows || !this.#sink.row(this.#row)) {
        this.enough = true;
        return;
      }
      for (const { column, times: repeated, give } of this.#cells)
        for (let at = column; at < column + repeated && at <= sheetBounds.columns; at += 1) give(this.#sink, at);
      this.#sink.endRow();
      if (this.#row === last) return;
    }
  }
}

function times(text: string | undefined): number {
  const number = Number(text ?? 1);
  return Number.isInteger(number) && number > 0 ? number : 1;
}

/** Undefined for an empty cell. */
function valueOf(attributes: ReadonlyMap<string, string>, text: string): Cell | undefined {
  const value = attributes.get("office:value") ?? "";
  if (attributes.get("calcext:value-type") === "error") return (sink, column) => sink.fault(column, text);
  switch (attributes.get("office:value-type")) {
    case "float":
    case "percentage":
    case "currency": {
      const bytes = Buffer.from(value);
      return (sink, column) => sink.number(column, bytes, 0, bytes.byteLength, 0);
    }
    case "date": {
      const moment = attributes.get("office:date-value") ?? text;
      return (sink, column) => sink.moment(column, moment);
    }
    case "time": {
      const clock = clockOf(attributes.get("office:time-value") ?? "") ?? text;
      return (sink, column) => sink.text(column, clock);
    }
    case "boolean":
      return (sink, column) => sink.flag(column, attributes.get("office:boolean-value") === "true");
    case undefined:
      return text === "" ? undefined : (sink, column) => sink.text(column, text);
    default: {
      const own = attributes.get("office:string-value");
      const shown = own === undefined || own === "" ? text : own;
      return shown === "" ? undefined : (sink, column) => sink.text(column, shown);
    }
  }
}

/** `PT06H30M00S` as `06:30:00`. */
function clockOf(duration: string): string | undefined {
  const [matched, hours = "0", minutes = "0", seconds = "0"] =
    /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?$/.exec(duration) ?? [];
  if (matched === undefined) return undefined;
  const [whole = "0", fraction = ""] = seconds.split(/[.,]/);
  const clock = [hours, minutes, whole].map((part) => part.padStart(2, "0")).join(":");
  const digits = fraction.slice(0, 6).replace(/0+$/, "");
  return digits === "" ? clock : `${clock}.${digits}`;
}
