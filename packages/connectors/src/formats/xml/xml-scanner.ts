// Scans XML as it comes, tag by tag: nesting is checked, entities of a document's own are refused, and only what the taker asks for becomes text.
// (XML 1.0, fifth edition; the encoding is UTF-8 here, see text-source.ts.)
import { withoutEntities, xmlText } from "./xml-text.ts";

/** The document is not well-formed, or declares what is refused; the caller knows the file. */
export class XmlError extends Error {}

export interface XmlTaker {
  /** @param tag the whole tag, for {@link attributesOf} */
  open(name: string, tag: string): void;
  close(name: string): void;
  /** Text between tags, in pieces; entities are decoded. */
  text(text: string): void;
  /** False where text would be thrown away: it is not decoded then. */
  readonly wantsText: boolean;
}

export const xmlBounds = { depthMax: 256, tokenBytesMax: 64 * 1024 * 1024 } as const;

const less = 0x3c;
const greater = 0x3e;
const slash = 0x2f;
const bang = 0x21;
const question = 0x3f;

export class XmlScanner {
  readonly #taker: XmlTaker;
  readonly #open: string[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #line = 1;
  #hadRoot = false;

  constructor(taker: XmlTaker) {
    this.#taker = taker;
  }

  /** Line of what was last seen, from 1. */
  get line(): number {
    return this.#line;
  }

  /** @throws XmlError, SyntaxError */
  push(chunk: Buffer): void {
    const bytes = this.#rest.byteLength === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const done = this.#scan(bytes);
    this.#rest = bytes.subarray(done);
    if (this.#rest.byteLength > xmlBounds.tokenBytesMax)
      throw new XmlError(`has a tag or text of more than ${xmlBounds.tokenBytesMax} bytes in line ${this.#line}`);
  }

  /** @throws XmlError when elements are still open */
  end(): void {
    const last = this.#open.at(-1);
    if (last !== undefined) throw new XmlError(`ends inside <${last}>, in line ${this.#line}`);
    if (this.#rest.includes(less)) throw new XmlError(`ends inside a tag, in line ${this.#line}`);
    if (!this.#hadRoot) throw new XmlError("has no element");
  }

  #scan(bytes: Buffer): number {
    let at = 0;
    for (;;) {
      const open = bytes.indexOf(less, at);
      // Text whose end is not here yet stays: an entity may be cut in two.
      if (open < 0) return at;
      if (open > at) this.#text(bytes, at, open);
      const end = this.#token(bytes, open);
      if (end < 0) {
        this.#countLines(bytes, at, open);
        return open;
      }
      this.#countLines(bytes, at, end);
      at = end;
    }
  }

  #text(bytes: Buffer, from: number, to: number): void {
    if (this.#open.length > 0) {
      if (this.#taker.wantsText) this.#taker.text(xmlText(bytes, from, to));
    } else if (bytes.toString("utf8", from, to).replace("\uFEFF", "").trim() !== "")
      throw new XmlError(`has text outside of its root element, in line ${this.#line}`);
  }

  /** Takes the tag at `open`; returns the place behind it, or -1 when it is not whole. */
  #token(bytes: Buffer, open: number): number {
    const next = bytes[open + 1];
    if (next === undefined) return -1;
    if (next === bang) return this.#declaration(bytes, open);
    if (next === question) return behind(bytes, "?>", open + 2);
    const end = tagEnd(bytes, open + 1);
    if (end < 0) return -1;
    if (next === slash) this.#close(bytes.toString("utf8", open + 2, end).trim());
    else this.#start(bytes, open, end);
    return end + 1;
  }

  #declaration(bytes: Buffer, open: number): number {
    const start = bytes.toString("latin1", open, open + 9);
    if (start.startsWith("<!--")) return behind(bytes, "-->", open + 4);
    if (start === "<![CDATA[") {
      const end = behind(bytes, "]]>", open + 9);
      if (end > 0 && this.#taker.wantsText) this.#taker.text(bytes.toString("utf8", open + 9, end - 3));
      return end;
    }
    if (start.length < 9) return -1;
    if (start !== "<!DOCTYPE") throw new XmlError(`has a declaration that is not one of XML's, in line ${this.#line}`);
    const end = bytes.indexOf(greater, open);
    const subset = bytes.subarray(open, end < 0 ? bytes.byteLength : end).indexOf("[");
    if (subset >= 0)
      throw new XmlError(
        "declares entities or elements of its own in a DOCTYPE, which is refused: they can grow without end",
      );
    return end < 0 ? -1 : end + 1;
  }

  #start(bytes: Buffer, open: number, end: number): void {
    const empty = bytes[end - 1] === slash;
    const tag = bytes.toString("utf8", open + 1, empty ? end - 1 : end);
    const name = /^[^\s/>"'=]+/.exec(tag)?.[0];
    if (name === undefined) throw new XmlError(`has a tag without a name in line ${this.#line}`);
    if (this.#open.length === 0 && this.#hadRoot)
      throw new XmlError(`has a second root element <${name}> in line ${this.#line}`);
    this.#hadRoot = true;
    if (this.#open.length >= xmlBounds.depthMax)
      throw new XmlError(`has elements nested deeper than ${xmlBounds.depthMax}, in line ${this.#line}`);
    this.#taker.open(name, tag);
    if (empty) this.#taker.close(name);
    else this.#open.push(name);
  }

  #close(name: string): void {
    const open = this.#open.pop();
    if (open !== name)
      throw new XmlError(
        `closes <${name}> where ${open === undefined ? "nothing is" : `<${open}> is`} open, in line ${this.#line}`,
      );
    this.#taker.close(name);
  }

  #countLines(bytes: Buffer, from: number, to: number): void {
    for (let at = bytes.indexOf(0x0a, from); at >= 0 && at < to; at = bytes.indexOf(0x0a, at + 1)) this.#line += 1;
  }
}

function behind(bytes: Buffer, end: string, from: number): number {
  const found = bytes.indexOf(end, from);
  return found < 0 ? -1 : found + end.length;
}

/** The place of the `>` that ends a tag; those inside of quotes do not. */
function tagEnd(bytes: Buffer, from: number): number {
  let quote = 0;
  for (let at = from; at < bytes.byteLength; at += 1) {
    const byte = bytes[at] ?? 0;
    if (quote !== 0) {
      if (byte === quote) quote = 0;
    } else if (byte === greater) return at;
    else if (byte === 0x22 || byte === 0x27) quote = byte;
  }
  return -1;
}

const attribute = /([^\s=/"']+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g;

/** The attributes of a tag by their names as they are written. @throws SyntaxError */
export function attributesOf(tag: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, name = "", double, single] of tag.matchAll(attribute))
    found.set(name, withoutEntities(double ?? single ?? ""));
  return found;
}

/** `price` of `ns:price`. */
export function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}
