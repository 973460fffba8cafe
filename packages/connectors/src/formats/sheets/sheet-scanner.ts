// Scans the XML of one worksheet (ECMA-376 part 1, 18.3.1) as it is unpacked, byte by byte, and hands each cell to its taker: no object per cell or
// record. Merged cells stand behind the rows and are known at the end.
import { xmlText } from "../xml/xml-text.ts";
import { parseReference } from "./cell-address.ts";
import type { CellSink, MergedCells } from "./cell-sink.ts";
import { sharedText } from "./shared-strings.ts";

/** A fault of the sheet's XML; the caller knows file and sheet. */
export class SheetSyntaxError extends Error {}

const rowBytesMax = 64 * 1024 * 1024;
const mergedMax = 100_000;

const less = 0x3c;
const greater = 0x3e;
const slash = 0x2f;
const equals = 0x3d;
const space = 0x20;
const letterB = 0x62;
const letterC = 0x63;
const letterE = 0x65;
const letterF = 0x66;
const letterI = 0x69;
const letterN = 0x6e;
const letterR = 0x72;
const letterS = 0x73;
const letterT = 0x74;
const letterV = 0x76;

export class SheetScanner {
  readonly merged: MergedCells[] = [];
  readonly #sink: CellSink;
  #phase: "head" | "rows" | "tail" | "stopped" = "head";
  #rest: Buffer = Buffer.alloc(0);
  /** Length of the prefix of element names with its colon: `x:` in `<x:row>`. */
  #prefix = 0;
  #rowTag = "<row";
  #row = 0;
  #column = 0;
  #end = 0;

  constructor(sink: CellSink) {
    this.#sink = sink;
  }

  /** False when nothing more is wanted. @throws SheetSyntaxError */
  push(chunk: Buffer): boolean {
    const bytes = this.#rest.byteLength === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = bytes.subarray(this.#take(bytes));
    if (this.#rest.byteLength > rowBytesMax) throw new SheetSyntaxError("has a row that does not end");
    return this.#phase !== "stopped";
  }

  /** @throws SheetSyntaxError when the sheet ends before its rows do */
  end(): void {
    if (this.#phase === "head" || this.#phase === "rows") throw new SheetSyntaxError("ends inside its rows");
  }

  /** Returns how many bytes are done with. */
  #take(bytes: Buffer): number {
    let done = 0;
    if (this.#phase === "head") done = this.#takeHead(bytes);
    if (this.#phase === "rows") done = this.#takeRows(bytes, done);
    return this.#phase === "tail" ? this.#takeTail(bytes, done) : done;
  }

  #takeHead(bytes: Buffer): number {
    const found = bytes.indexOf("sheetData");
    const end = found < 0 ? -1 : bytes.indexOf(">", found);
    if (end < 0) return 0;
    const start = bytes.lastIndexOf("<", found);
    this.#prefix = found - start - 1;
    this.#rowTag = `<${bytes.toString("latin1", start + 1, found)}row`;
    this.#phase = bytes[end - 1] === slash ? "tail" : "rows";
    return end + 1;
  }

  #takeRows(bytes: Buffer, from: number): number {
    const close = bytes.indexOf("sheetData>", from);
    // What stands before the last row's tag is whole.
    const end = close < 0 ? bytes.lastIndexOf(this.#rowTag) : close - this.#prefix - 2;
    if (end <= from && close < 0) return from;
    this.#end = end;
    this.#scanRows(bytes, from);
    if (close < 0 || this.#phase === "stopped") return end;
    this.#phase = "tail";
    return close + "sheetData>".length;
  }

  #scanRows(bytes: Buffer, from: number): void {
    const end = this.#end;
    const prefix = this.#prefix;
    let at = from;
    while (at < end) {
      if (bytes[at] !== less) {
        at += 1;
        continue;
      }
      const name = at + 1 + prefix;
      if (bytes[name] === letterC) at = this.#cell(bytes, name + 1);
      else if (bytes[name] === letterR) {
        at = this.#rowStart(bytes, name + 3);
        if (this.#phase === "stopped") return;
      } else {
        if (bytes[at + 1] === slash && bytes[name + 1] === letterR) this.#sink.endRow();
        at = this.#past(bytes, at, greater);
      }
    }
  }

  #rowStart(bytes: Buffer, from: number): number {
    const end = this.#past(bytes, from, greater);
    let row = this.#row + 1;
    const attribute = bytes.indexOf(' r="', from - 1);
    if (attribute >= 0 && attribute < end) {
      row = 0;
      for (let at = attribute + 4; bytes[at] !== 0x22 && at < end; at += 1) row = row * 10 + (bytes[at] ?? 0) - 48;
    }
    if (!(row > this.#row)) throw new SheetSyntaxError(`has row ${row} behind row ${this.#row}`);
    this.#row = row;
    this.#column = 0;
    if (!this.#sink.row(row)) this.#phase = "stopped";
    else if (bytes[end - 2] === slash) this.#sink.endRow();
    return end;
  }

  /** @param from behind the name of the element; returns where the scan goes on */
  #cell(bytes: Buffer, from: number): number {
    const end = this.#end;
    let column = 0;
    let style = 0;
    let type = 0;
    let typeLength = 0;
    let at = from;
    for (;;) {
      const byte = bytes[at] ?? 0;
      if (at >= end) throw new SheetSyntaxError(`has a cell in row ${this.#row} that does not end`);
      if (byte === greater) break;
      if (byte === slash) {
        this.#moveTo(column);
        return at + 2;
      }
      if (byte <= space) {
        at += 1;
        continue;
      }
      const start = at;
      at = this.#past(bytes, at, equals);
      const name = at - start === 2 ? byte : 0;
      const quote = bytes[at] ?? 0;
      const value = at + 1;
      at = this.#past(bytes, value, quote);
      if (name === letterR) column = columnOf(bytes, value);
      else if (name === letterS) style = wholeNumber(bytes, value, at - 1);
      else if (name === letterT) {
        type = bytes[value] ?? 0;
        typeLength = at - 1 - value;
      }
    }
    this.#moveTo(column);
    return this.#content(bytes, at + 1, { type, typeLength, style });
  }

  #moveTo(column: number): void {
    const next = column === 0 ? this.#column + 1 : column;
    if (next <= this.#column) throw new SheetSyntaxError(`has cells out of order in row ${this.#row}`);
    this.#column = next;
  }

  #content(
    bytes: Buffer,
    from: number,
    cell: { readonly type: number; readonly typeLength: number; readonly style: number },
  ): number {
    let at = from;
    for (;;) {
      at = this.#past(bytes, at, less);
      if (bytes[at] === slash) {
        const name = bytes[at + 1 + this.#prefix];
        at = this.#past(bytes, at, greater);
        if (name === letterC) return at;
        continue;
      }
      const name = bytes[at + this.#prefix];
      const body = this.#past(bytes, at, greater);
      if (bytes[body - 2] === slash) {
        at = body;
        continue;
      }
      at = body;
      if (name === letterV) {
        at = this.#past(bytes, body, less) - 1;
        if (at > body) this.#value(bytes, body, at, cell);
      } else if (name === letterI && cell.type === letterI) {
        at = bytes.indexOf("is>", body) - this.#prefix - 2;
        if (at < body) throw new SheetSyntaxError(`has a text in row ${this.#row} that does not end`);
        this.#sink.text(this.#column, sharedText(bytes, body, at));
      } else if (name === letterF) at = this.#past(bytes, body, less) - 1;
    }
  }

  #value(
    bytes: Buffer,
    from: number,
    to: number,
    { type, typeLength, style }: { readonly type: number; readonly typeLength: number; readonly style: number },
  ): void {
    const column = this.#column;
    if (type === 0 || (type === letterN && typeLength === 1)) this.#sink.number(column, bytes, from, to, style);
    else if (type === letterS && typeLength === 1) this.#sink.shared(column, wholeNumber(bytes, from, to));
    else if (type === letterB) this.#sink.flag(column, bytes[from] === 0x31);
    else if (type === letterE) this.#sink.fault(column, xmlText(bytes, from, to));
    else this.#sink.text(column, xmlText(bytes, from, to));
  }

  /** The place behind the next such byte. @throws SheetSyntaxError when the rows end before it */
  #past(bytes: Buffer, from: number, byte: number): number {
    const end = this.#end;
    for (let at = from; at < end; at += 1) if (bytes[at] === byte) return at + 1;
    throw new SheetSyntaxError(`has a cell in row ${this.#row} that does not end`);
  }

  #takeTail(bytes: Buffer, from: number): number {
    const text = bytes.toString("latin1", from);
    const last = Math.max(0, text.lastIndexOf("<"));
    for (const [, reference = ""] of text.slice(0, last).matchAll(/mergeCell\s[^>]*?ref="([A-Z0-9:]+)"/g)) {
      const merged = parseReference(reference);
      if (merged !== undefined) this.merged.push(merged);
      if (this.merged.length > mergedMax) throw new SheetSyntaxError(`has more than ${mergedMax} merged cells`);
    }
    return from + last;
  }
}

function columnOf(bytes: Buffer, from: number): number {
  let column = 0;
  for (let at = from; ; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < 65 || byte > 90) return column;
    column = column * 26 + byte - 64;
  }
}

function wholeNumber(bytes: Buffer, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) value = value * 10 + (bytes[at] ?? 0) - 48;
  return value;
}
