// The table of texts that a workbook's cells refer to (ECMA-376 part 1, 18.4), each kept once as the bytes that a CSV cell has. Bounded.
import { xmlText } from "../xml/xml-text.ts";
import { csvCell } from "../csv-cell.ts";

const textBytesMax = 256 * 1024 * 1024;
const itemBytesMax = 16 * 1024 * 1024;
const pieceBytes = 1024 * 1024;
const escaped = /_x([0-9A-Fa-f]{4})_/g;

/** The table is larger than its bound, or its XML is broken; the caller knows the file. */
export class SharedStringsError extends Error {}

/** Text `index` stands in `pieces[piece[index]]` from `from[index]` to `to[index]`. */
export class SharedStrings {
  #pieces: Buffer[] = [Buffer.allocUnsafeSlow(pieceBytes)];
  #used = 0;
  #bytes = 0;
  #piece = new Uint32Array(1024);
  #from = new Uint32Array(1024);
  #to = new Uint32Array(1024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @throws SharedStringsError */
  add(text: string): void {
    const cell = csvCell(text);
    const length = Buffer.byteLength(cell);
    this.#bytes += length;
    if (this.#bytes > textBytesMax) throw new SharedStringsError(`holds more than ${textBytesMax} bytes of texts`);
    let piece = this.#pieces.at(-1);
    if (piece === undefined || this.#used + length > piece.byteLength) {
      piece = Buffer.allocUnsafeSlow(Math.max(pieceBytes, length));
      this.#pieces.push(piece);
      this.#used = 0;
    }
    if (this.#count === this.#from.length) this.#grow();
    piece.write(cell, this.#used);
    this.#piece[this.#count] = this.#pieces.length - 1;
    this.#from[this.#count] = this.#used;
    this.#used += length;
    this.#to[this.#count] = this.#used;
    this.#count += 1;
  }

  /** The bytes of a CSV cell; undefined where the table has no such text. */
  cell(index: number): Buffer | undefined {
    if (!(index < this.#count)) return undefined;
    return this.#pieces[this.#piece[index] ?? 0]?.subarray(this.#from[index], this.#to[index]);
  }

  /** Copies the bytes of a CSV cell, which fit; returns the place behind them, or -1 where the table has no such text. */
  copy(index: number, target: Buffer, at: number): number {
    if (!(index < this.#count)) return -1;
    const piece = this.#pieces[this.#piece[index] ?? 0] ?? target;
    const to = this.#to[index] ?? 0;
    let place = at;
    // Most texts are short: a loop beats the call of a native copy.
    for (let from = this.#from[index] ?? 0; from < to; from += 1) target[place++] = piece[from] ?? 0;
    return place;
  }

  length(index: number): number {
    return (this.#to[index] ?? 0) - (this.#from[index] ?? 0);
  }

  #grow(): void {
    const grown = (list: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> => {
      const larger = new Uint32Array(list.length * 2);
      larger.set(list);
      return larger;
    };
    this.#piece = grown(this.#piece);
    this.#from = grown(this.#from);
    this.#to = grown(this.#to);
  }
}

/** Adds the texts of the part as it is unpacked. `wanted` texts are enough. @throws SharedStringsError, SyntaxError */
export async function readSharedStrings(
  chunks: AsyncIterable<Buffer>,
  wanted = Number.POSITIVE_INFINITY,
): Promise<SharedStrings> {
  const strings = new SharedStrings();
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]);
    rest = bytes.subarray(takeItems(bytes, strings));
    if (rest.byteLength > itemBytesMax) throw new SharedStringsError("holds a text that does not end");
    if (strings.count >= wanted) break;
  }
  return strings;
}

const itemEnd = /<\/(?:\w+:)?si>|<(?:\w+:)?si\s*\/>/g;

/** Adds the whole items; returns how many bytes are done with. */
function takeItems(bytes: Buffer, strings: SharedStrings): number {
  const close = prefixOf(bytes);
  let at = 0;
  for (;;) {
    const open = bytes.indexOf(close.open, at);
    if (open < 0) return at;
    const body = open + close.open.length;
    const after = bytes[body];
    if (after === undefined) return open;
    if (after === 0x2f) {
      strings.add("");
      at = body + 2;
      continue;
    }
    const end = bytes.indexOf(close.end, body);
    if (end < 0) return open;
    strings.add(sharedText(bytes, body, end));
    at = end + close.end.length;
  }
}

function prefixOf(bytes: Buffer): { readonly open: string; readonly end: string } {
  itemEnd.lastIndex = 0;
  const [found = "</si>"] = itemEnd.exec(bytes.toString("latin1", 0, Math.min(bytes.byteLength, 65_536))) ?? [];
  const prefix = found.slice(found.startsWith("</") ? 2 : 1, found.indexOf("si"));
  return { open: `<${prefix}si`, end: `</${prefix}si>` };
}

/** The text of a shared or inline string: all of its runs, without phonetic hints. @throws SyntaxError */
export function sharedText(bytes: Buffer, from: number, to: number): string {
  const text = plainText(bytes, from, to) ?? runsText(bytes, from, to);
  return text.includes("_x")
    ? text.replaceAll(escaped, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    : text;
}

/** The usual `<t>text</t>` and nothing else; undefined otherwise. */
function plainText(bytes: Buffer, from: number, to: number): string | undefined {
  const open = bytes[from] === 0x3e ? from + 1 : from;
  if (bytes[open] !== 0x3c || bytes[open + 1] !== 0x74 || bytes[open + 2] !== 0x3e) return undefined;
  for (let at = open + 3; at < to; at += 1) {
    if (bytes[at] !== 0x3c) continue;
    return bytes[at + 1] === 0x2f && at + 4 === to ? xmlText(bytes, open + 3, at) : undefined;
  }
  return undefined;
}

function runsText(bytes: Buffer, from: number, to: number): string {
  let text = "";
  let at = from;
  while (at < to) {
    const open = bytes.indexOf("<", at);
    if (open < 0 || open >= to) break;
    const body = bytes.indexOf(">", open) + 1;
    if (body === 0 || body > to) break;
    const name = nameAt(bytes, open);
    at = body;
    if (bytes[body - 2] === 0x2f) continue;
    if (name === "rPh") at = closing(bytes, body, to, "rPh>");
    else if (name === "t") {
      at = closing(bytes, body, to, "t>");
      const end = bytes.lastIndexOf("<", at - 1);
      text += xmlText(bytes, body, Math.max(body, end));
    }
  }
  return text;
}

function nameAt(bytes: Buffer, open: number): string {
  let end = open + 1;
  while (end < bytes.byteLength && !/[\s/>]/.test(String.fromCharCode(bytes[end] ?? 0))) end += 1;
  const name = bytes.toString("latin1", open + 1, end);
  return name.slice(name.indexOf(":") + 1);
}

function closing(bytes: Buffer, from: number, to: number, end: string): number {
  const found = bytes.indexOf(end, from);
  return found < 0 || found >= to ? to : found + end.length;
}
