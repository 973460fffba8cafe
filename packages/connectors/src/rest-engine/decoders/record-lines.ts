// Takes the records of a JSON document apart by their bytes: one line each, as they came, without building a value. The grammar is checked on the way
// (RFC 8259); whatever is unusual is left to whoever reads the document as a whole.
import { isUtf8 } from "node:buffer";
import type { Extent } from "./json-scan.ts";

/** The records of a document, in order. */
export interface RecordExtents {
  /** The list, brackets included; without a list the one record. */
  readonly list: Extent;
  /** Start and end of each record, in pairs. */
  readonly ends: readonly number[];
}

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const backslash = 0x5c;
const openList = 0x5b;
const closeList = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;

/** Deeper documents are left to the reader of whole documents. */
const depthMax = 128;
/** Bytes of a text that are looked at one by one, before the engine's search for its end pays. */
const shortText = 48;

/**
 * The records at the path, which are objects in a list; or the document itself, where the path is empty and it is one object. Undefined when the bytes are
 * anything else: no JSON, no list there, other elements, a name on the path that stands twice.
 */
export function recordExtents(bytes: Buffer, path: readonly string[]): RecordExtents | undefined {
  if (!isUtf8(bytes)) return undefined;
  const scan = new Scan(bytes, path);
  return scan.document() ? scan.found : undefined;
}

/**
 * Turns the bytes into one line for each record, in place: a page is held once. Line breaks between the parts of a record become blanks. Returns the
 * part with the lines; `asDocument` undoes it.
 */
export function toLines(bytes: Buffer, { ends }: RecordExtents): Buffer {
  const [start] = ends;
  const end = ends.at(-1);
  if (start === undefined || end === undefined) return bytes.subarray(0, 0);
  if (hasLineBreaks(bytes, { start, end }))
    for (let at = start; at < end; at += 1)
      if (bytes[at] === lineFeed || bytes[at] === carriageReturn) bytes[at] = space;
  for (let pair = 1; pair + 1 < ends.length; pair += 2) bytes.fill(space, ends[pair], ends[pair + 1]);
  for (let pair = 1; pair + 1 < ends.length; pair += 2) bytes[ends[pair] as number] = lineFeed;
  return bytes.subarray(start, end);
}

/** A copy of the document that `toLines` changed: the same but for blanks between its parts. */
export function asDocument(bytes: Buffer, { ends }: RecordExtents): Buffer {
  const copy = Buffer.from(bytes);
  for (let pair = 1; pair + 1 < ends.length; pair += 2) copy[ends[pair] as number] = comma;
  return copy;
}

function hasLineBreaks(bytes: Buffer, { start, end }: Extent): boolean {
  return [lineFeed, carriageReturn].some((byte) => {
    const found = bytes.indexOf(byte, start);
    return found >= 0 && found < end;
  });
}

/** The position behind a value, or -1 where the bytes are none. */
type Position = number;

class Scan {
  found: RecordExtents | undefined;
  readonly #bytes: Buffer;
  readonly #path: readonly string[];
  /** Control characters are no part of a text; only line breaks would tear a line apart. */
  readonly #breaks: boolean;
  /** The next backslash behind some text. */
  #slash = -1;

  constructor(bytes: Buffer, path: readonly string[]) {
    this.#bytes = bytes;
    this.#path = path;
    this.#breaks = bytes.includes(lineFeed) || bytes.includes(carriageReturn);
  }

  /** True when the bytes are one JSON document and its records were found. */
  document(): boolean {
    const end = this.#onPath(this.#blank(0), 0);
    return end > 0 && this.#blank(end) === this.#bytes.length && this.found !== undefined;
  }

  /** The value that the first `depth` names of the path lead to. */
  #onPath(at: number, depth: number): Position {
    const name = this.#path[depth];
    const first = this.#bytes[at];
    if (name !== undefined) return first === openObject ? this.#object(at, depth, name) : -1;
    if (first === openList) return this.#records(at);
    if (first !== openObject || this.#path.length > 0) return -1;
    const end = this.#value(at, depth);
    if (end > 0) this.found = { list: { start: at, end }, ends: [at, end] };
    return end;
  }

  #records(start: number): Position {
    const ends: number[] = [];
    let at = this.#blank(start + 1);
    if (this.#bytes[at] !== closeList)
      for (;;) {
        if (this.#bytes[at] !== openObject) return -1;
        const end = this.#object(at, 0);
        if (end < 0) return -1;
        ends.push(at, end);
        at = this.#blank(end);
        if (this.#bytes[at] === closeList) break;
        if (this.#bytes[at] !== comma) return -1;
        at = this.#blank(at + 1);
      }
    this.found = { list: { start, end: at + 1 }, ends };
    return at + 1;
  }

  #value(at: number, depth: number): Position {
    switch (this.#bytes[at]) {
      case quote:
        return this.#text(at);
      case openObject:
        return depth < depthMax ? this.#object(at, depth + 1) : -1;
      case openList:
        return depth < depthMax ? this.#list(at, depth + 1) : -1;
      case 0x74:
        return this.#word(at, "true");
      case 0x66:
        return this.#word(at, "false");
      case 0x6e:
        return this.#word(at, "null");
      default:
        return this.#number(at);
    }
  }

  /** @param name of the member on the path, behind `depth` others */
  #object(start: number, depth: number, name?: string): Position {
    const bytes = this.#bytes;
    let seen = false;
    let at = this.#blank(start + 1);
    if (bytes[at] === closeObject) return at + 1;
    for (;;) {
      if (bytes[at] !== quote) return -1;
      const keyEnd = this.#text(at);
      if (keyEnd < 0) return -1;
      const middle = this.#blank(keyEnd);
      if (bytes[middle] !== colon) return -1;
      const value = this.#blank(middle + 1);
      const isNext = name !== undefined && this.#isName(at, keyEnd, name);
      if (isNext && seen) return -1;
      seen ||= isNext;
      const end = isNext ? this.#onPath(value, depth + 1) : this.#value(value, depth);
      if (end < 0) return -1;
      at = this.#blank(end);
      if (bytes[at] === closeObject) return at + 1;
      if (bytes[at] !== comma) return -1;
      at = this.#blank(at + 1);
    }
  }

  #isName(start: number, end: number, name: string): boolean {
    const text = this.#bytes.toString("utf8", start, end);
    return text === `"${name}"` || (text.includes("\\") && JSON.parse(text) === name);
  }

  #list(start: number, depth: number): Position {
    let at = this.#blank(start + 1);
    if (this.#bytes[at] === closeList) return at + 1;
    for (;;) {
      const end = this.#value(at, depth);
      if (end < 0) return -1;
      at = this.#blank(end);
      if (this.#bytes[at] === closeList) return at + 1;
      if (this.#bytes[at] !== comma) return -1;
      at = this.#blank(at + 1);
    }
  }

  #text(start: number): Position {
    const bytes = this.#bytes;
    const near = this.#breaks ? bytes.length : Math.min(bytes.length, start + shortText);
    let at = start + 1;
    for (; at < near; at += 1) {
      const byte = bytes[at] as number;
      if (byte === quote) return at + 1;
      if (byte < space) return -1;
      if (byte === backslash && (at = this.#escape(at)) < 0) return -1;
    }
    return this.#farEnd(at);
  }

  /** The end of a long text: the next quote that no backslash covers. */
  #farEnd(from: number): Position {
    const bytes = this.#bytes;
    let at = from;
    for (;;) {
      const end = bytes.indexOf(quote, at);
      if (end < 0) return -1;
      // Found once for all texts before it.
      if (this.#slash < at) {
        const slash = bytes.indexOf(backslash, at);
        this.#slash = slash < 0 ? bytes.length : slash;
      }
      if (this.#slash > end) return end + 1;
      const last = this.#escape(this.#slash);
      if (last < 0) return -1;
      at = last + 1;
    }
  }

  /** The last byte of an escape. */
  #escape(at: number): Position {
    const byte = this.#bytes[at + 1];
    if (byte === 0x75) {
      const digits = this.#bytes.toString("latin1", at + 2, at + 6);
      return /^[\da-f]{4}$/i.test(digits) ? at + 5 : -1;
    }
    return byte !== undefined && escapes.has(byte) ? at + 1 : -1;
  }

  #word(at: number, word: string): Position {
    return this.#bytes.toString("latin1", at, at + word.length) === word ? at + word.length : -1;
  }

  #number(start: number): Position {
    const bytes = this.#bytes;
    const whole = bytes[start] === 0x2d ? start + 1 : start;
    let at = this.#digits(whole);
    // A whole number has no zero in front.
    if (at === whole || (bytes[whole] === 0x30 && at > whole + 1)) return -1;
    if (bytes[at] === 0x2e) {
      const from = at + 1;
      at = this.#digits(from);
      if (at === from) return -1;
    }
    if (bytes[at] !== 0x65 && bytes[at] !== 0x45) return at;
    const from = bytes[at + 1] === 0x2b || bytes[at + 1] === 0x2d ? at + 2 : at + 1;
    at = this.#digits(from);
    return at === from ? -1 : at;
  }

  #digits(from: number): number {
    let at = from;
    for (let byte = this.#bytes[at]; byte !== undefined && byte >= 0x30 && byte <= 0x39; byte = this.#bytes[at])
      at += 1;
    return at;
  }

  #blank(from: number): number {
    let at = from;
    for (
      let byte = this.#bytes[at];
      byte === space || byte === lineFeed || byte === carriageReturn || byte === 0x09;
      byte = this.#bytes[at]
    )
      at += 1;
    return at;
  }
}

const escapes = new Set(Array.from('"\\/bfnrt', (character) => character.charCodeAt(0)));
