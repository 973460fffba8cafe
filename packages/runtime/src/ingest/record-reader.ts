// Reads one record after the other out of a request's body: checks its grammar, finds its end, and keeps the fields that a contract has. Nothing else of
// it is built.
import { parseExact } from "@millrace/core";
import { endOfString, endOfValue, skipBlanks } from "./json-text.ts";

/** A body twice: its bytes, ended by a 0, for the grammar; and the same bytes one by one as text (latin1), which is quicker to cut values from. */
export interface BodyText {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Values as the validator takes them: numbers whose spelling matters come as parseExact gives them. */
export type RecordFields = Record<string, unknown>;

const beyondAscii = /[\u0080-\u00ff]/;

export class RecordReader {
  /** Fields of the record that was read last; undefined when it was no object. Used again for the next one. */
  record: RecordFields | undefined;
  readonly #names: readonly string[];
  /** The names as they stand in the text. */
  readonly #spelled: readonly Uint8Array[];
  readonly #places: ReadonlyMap<string, number>;
  readonly #fields: RecordFields;
  /** Names to look for beside the fields: those that are not known, and whether they have a value. Absent where nobody asks. */
  readonly #unknown: Map<string, boolean> | undefined;
  readonly #alsoKnown: ReadonlySet<string>;
  /** Where the next name is expected: senders write fields in one order. */
  #guess = 0;

  /** @param alsoKnown names that are no unknown fields although nothing is read from them; undefined: unknown fields do not matter */
  constructor(names: readonly string[], alsoKnown?: readonly string[]) {
    this.#unknown = alsoKnown === undefined ? undefined : new Map();
    this.#alsoKnown = new Set(alsoKnown?.map((name) => Buffer.from(name, "utf8").toString("latin1")));
    this.#names = names;
    this.#spelled = names.map((name) => Buffer.from(name, "utf8"));
    this.#places = new Map(names.map((name, at) => [Buffer.from(name, "utf8").toString("latin1"), at]));
    this.#fields = Object.fromEntries(names.map((name) => [name, undefined]));
  }

  /** True when the record that was read last has a field with a value that is not known. */
  get foundUnknown(): boolean {
    return this.#unknown !== undefined && this.#unknown.size > 0 && [...this.#unknown.values()].includes(true);
  }

  /** @param at the value's first character. @returns the position behind it, or -1 when there is no well-formed value */
  read(body: BodyText, at: number): number {
    const { bytes } = body;
    this.record = undefined;
    if (bytes[at] !== 0x7b) return endOfValue(bytes, at);
    for (const name of this.#names) this.#fields[name] = undefined;
    this.record = this.#fields;
    this.#unknown?.clear();
    this.#guess = 0;
    let here = skipBlanks(bytes, at + 1);
    if (bytes[here] === 0x7d) return here + 1;
    for (;;) {
      here = this.#readMember(body, here);
      if (here < 0) return -1;
      here = skipBlanks(bytes, here);
      const code = bytes[here];
      if (code === 0x7d) return here + 1;
      if (code !== 0x2c) return -1;
      here = skipBlanks(bytes, here + 1);
    }
  }

  #readMember(body: BodyText, at: number): number {
    const { bytes } = body;
    if (bytes[at] !== 0x22) return -1;
    const end = endOfString(bytes, at);
    if (end < 0) return -1;
    const colon = skipBlanks(bytes, end);
    if (bytes[colon] !== 0x3a) return -1;
    const start = skipBlanks(bytes, colon + 1);
    const behind = endOfValue(bytes, start);
    if (behind < 0) return -1;
    const place = this.#placeOf(body, at + 1, end - 1);
    if (place !== undefined) this.#fields[this.#names[place] ?? ""] = valueOf(body, start, behind);
    else if (this.#unknown !== undefined) this.#noteUnknown(body.text.slice(at + 1, end - 1), bytes[start] !== 0x6e);
    return behind;
  }

  #noteUnknown(spelled: string, hasValue: boolean): void {
    const name = spelled.includes("\\") ? unescaped(spelled) : spelled;
    if (!this.#alsoKnown.has(name)) this.#unknown?.set(name, hasValue);
  }

  #placeOf({ bytes, text }: BodyText, start: number, end: number): number | undefined {
    const expected = this.#spelled[this.#guess];
    if (expected !== undefined && expected.length === end - start && standsAt(bytes, expected, start)) {
      this.#guess += 1;
      return this.#guess - 1;
    }
    const name = text.slice(start, end);
    const place = this.#places.get(name.includes("\\") ? unescaped(name) : name);
    if (place !== undefined) this.#guess = place + 1;
    return place;
  }
}

function standsAt(bytes: Uint8Array, name: Uint8Array, start: number): boolean {
  for (let at = 0; at < name.length; at += 1) if (bytes[start + at] !== name[at]) return false;
  return true;
}

/** A name with escapes, spelled as the text spells letters. */
function unescaped(name: string): string {
  return Buffer.from(JSON.parse(`"${decoded(name)}"`) as string, "utf8").toString("latin1");
}

function decoded(latin1: string): string {
  return beyondAscii.test(latin1) ? Buffer.from(latin1, "latin1").toString("utf8") : latin1;
}

function valueOf(body: BodyText, start: number, end: number): unknown {
  const { bytes, text } = body;
  switch (bytes[start]) {
    case 0x22: {
      const inner = text.slice(start + 1, end - 1);
      return inner.includes("\\") ? (JSON.parse(`"${decoded(inner)}"`) as unknown) : decoded(inner);
    }
    case 0x74:
      return true;
    case 0x66:
      return false;
    case 0x6e:
      return null;
    case 0x7b:
    case 0x5b:
      return parseExact(decoded(text.slice(start, end)));
    default:
      return numberOf(body, start, end);
  }
}

const powers = Array.from({ length: 16 }, (_none, at) => 10 ** at);

/**
 * Numbers of at most 15 digits, written without an exponent, are exact as a quotient of two exact numbers. Those whose spelling decides more than their
 * value keep it: whole ones with a fraction (`1.0`), -0, very small ones.
 */
function numberOf({ bytes, text }: BodyText, start: number, end: number): unknown {
  const negative = bytes[start] === 0x2d;
  let digits = 0;
  let places = -1;
  let value = 0;
  for (let at = negative ? start + 1 : start; at < end; at += 1) {
    const code = bytes[at] ?? 0;
    if (code === 0x2e) places = 0;
    else if (code >= 0x30 && code <= 0x39 && digits < 15) {
      value = value * 10 + (code - 0x30);
      digits += 1;
      if (places >= 0) places += 1;
    } else return parseExact(text.slice(start, end));
  }
  const quotient = value / (powers[Math.max(0, places)] ?? 1);
  const decides = places < 0 ? negative && value === 0 : quotient < 1e-6 || Number.isInteger(quotient);
  if (decides) return parseExact(text.slice(start, end));
  return negative ? -quotient : quotient;
}
