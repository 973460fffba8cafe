// Reads text as a Python literal, as `ast.literal_eval` does: what a template rendered becomes a value again through it.
// Rules: https://docs.python.org/3/library/ast.html#ast.literal_eval and the lexical analysis chapter.
import { float, int, PySet, PyTuple } from "./python-values.ts";

/** Returned when the text is no literal. */
export const notLiteral: unique symbol = Symbol("not a literal");

const depthMax = 90;
const digitsMax = 4300;
const floatForm =
  /^(?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eE][+-]?\d(?:_?\d)*)?|^\d(?:_?\d)*\.(?:[eE][+-]?\d(?:_?\d)*)?|^\d(?:_?\d)*[eE][+-]?\d(?:_?\d)*/;
const intForm = /^(?:0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?0)*|[1-9](?:_?\d)*)/;
const startOfLiteral = /^[\s\d'"[({+\-.TFNbBuUrRs#\\]/;

class NotLiteral extends Error {}

/** The value that the text spells, or `notLiteral`. Complex numbers, bytes and `...` count as no literal. */
export function readLiteral(text: string): unknown {
  if (text === "" || !startOfLiteral.test(text)) return notLiteral;
  try {
    return new LiteralReader(text.replace(/^[ \t]+/, "")).whole();
  } catch (thrown) {
    if (thrown instanceof NotLiteral) return notLiteral;
    throw thrown;
  }
}

class LiteralReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): unknown {
    this.#blankLines();
    const value = this.#tuple(() => this.#at >= this.#text.length || this.#peek() === "\n" || this.#peek() === "#");
    // After the value only blank lines and comments may follow.
    if (!/^(?:[ \t\f]*(?:#[^\n]*)?(?:\n|$))*$/.test(this.#text.slice(this.#at).replace(/\r\n?/g, "\n")))
      throw new NotLiteral();
    return value;
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  /** Leading empty lines are no statement; an indented first line is an error. */
  #blankLines(): void {
    const blank = /^(?:[ \t\f]*(?:#[^\n]*)?\r?\n)*/.exec(this.#text)?.[0].length ?? 0;
    this.#at = blank;
    if (blank > 0 && /[ \t]/.test(this.#peek())) throw new NotLiteral();
  }

  /** Blanks; line ends and comments too where a bracket is open. */
  #space(): void {
    const form = this.#depth > 0 ? /(?:[ \t\f\r\n]|#[^\n]*|\\\n)*/y : /(?:[ \t\f]|\\\n)*/y;
    form.lastIndex = this.#at;
    this.#at += form.exec(this.#text)?.[0].length ?? 0;
  }

  /** One value, or several with commas between: a tuple. */
  #tuple(ended: () => boolean): unknown {
    const first = this.#value();
    this.#space();
    if (this.#peek() !== ",") return first;
    const items = [first];
    while (this.#peek() === ",") {
      this.#at += 1;
      this.#space();
      if (ended()) break;
      items.push(this.#value());
      this.#space();
    }
    return new PyTuple(items);
  }

  #value(): unknown {
    this.#space();
    const char = this.#peek();
    if (char === "-" || char === "+") return this.#signed(char);
    if (char === "[" || char === "(" || char === "{") return this.#bracket(char);
    if (/[\d.]/.test(char)) return this.#number();
    return this.#word();
  }

  #signed(sign: string): unknown {
    this.#at += 1;
    this.#space();
    if (!/[\d.]/.test(this.#peek())) throw new NotLiteral();
    const value = this.#number();
    if (sign === "+") return value;
    if (typeof value === "bigint") return int(-value);
    if (typeof value === "number") return value === 0 ? 0 : -value;
    return float(-(value as { value: number }).value);
  }

  #number(): unknown {
    const rest = this.#text.slice(this.#at, this.#at + digitsMax + 400);
    const asFloat = floatForm.exec(rest)?.[0];
    const text = asFloat ?? intForm.exec(rest)?.[0];
    if (text === undefined || text.length > digitsMax) throw new NotLiteral();
    this.#at += text.length;
    if (/[\w.]/.test(this.#peek())) throw new NotLiteral();
    const digits = text.replaceAll("_", "");
    return asFloat === undefined ? int(BigInt(/^0+$/.test(digits) ? "0" : digits)) : float(Number(digits));
  }

  #bracket(open: string): unknown {
    this.#depth += 1;
    if (this.#depth > depthMax) throw new NotLiteral();
    this.#at += 1;
    this.#space();
    const value = open === "[" ? this.#items("]") : open === "(" ? this.#parenthesis() : this.#brace();
    this.#depth -= 1;
    return value;
  }

  #parenthesis(): unknown {
    if (this.#peek() === ")") {
      this.#at += 1;
      return new PyTuple([]);
    }
    const value = this.#tuple(() => this.#peek() === ")");
    this.#close(")");
    return value;
  }

  #close(bracket: string): void {
    this.#space();
    if (this.#peek() !== bracket) throw new NotLiteral();
    this.#at += 1;
  }

  #items(close: string): unknown[] {
    const items: unknown[] = [];
    while (this.#peek() !== close) {
      items.push(this.#value());
      this.#space();
      if (this.#peek() === ",") this.#at += 1;
      else if (this.#peek() !== close) throw new NotLiteral();
      this.#space();
    }
    this.#at += 1;
    return items;
  }

  #brace(): unknown {
    if (this.#peek() === "}") {
      this.#at += 1;
      return {};
    }
    const first = this.#value();
    this.#space();
    if (this.#peek() === ":") return this.#dict(first);
    if (this.#peek() === ",") this.#at += 1;
    else if (this.#peek() !== "}") throw new NotLiteral();
    this.#space();
    const items = [first, ...this.#items("}")];
    for (const item of items) demandHashable(item);
    return new PySet(items);
  }

  #dict(firstKey: unknown): unknown {
    const entries: [unknown, unknown][] = [];
    let key = firstKey;
    for (;;) {
      demandHashable(key);
      this.#close(":");
      entries.push([key, this.#value()]);
      this.#space();
      if (this.#peek() === ",") this.#at += 1;
      else if (this.#peek() !== "}") throw new NotLiteral();
      this.#space();
      if (this.#peek() === "}") break;
      key = this.#value();
      this.#space();
    }
    this.#at += 1;
    return plainDict(entries);
  }

  #word(): unknown {
    const constant = /(?:True|False|None)(?!\w)/y;
    constant.lastIndex = this.#at;
    const word = constant.exec(this.#text)?.[0];
    if (word !== undefined) {
      this.#at += word.length;
      return word === "None" ? null : word === "True";
    }
    if (/^set\s*\(\s*\)/.test(this.#text.slice(this.#at))) {
      this.#at += /^set\s*\(\s*\)/.exec(this.#text.slice(this.#at))?.[0].length ?? 0;
      return new PySet([]);
    }
    return this.#strings();
  }

  /** Strings that stand side by side are one. */
  #strings(): string {
    let text = "";
    let count = 0;
    for (;;) {
      const prefix = /(?:[uU]|[rR])?(?="""|'''|["'])/y;
      prefix.lastIndex = this.#at;
      const found = prefix.exec(this.#text);
      if (found === null) break;
      this.#at += found[0].length;
      text += this.#string(/^[rR]/.test(found[0]));
      count += 1;
      this.#space();
    }
    if (count === 0) throw new NotLiteral();
    return text;
  }

  #string(raw: boolean): string {
    const triple = this.#text.slice(this.#at, this.#at + 3);
    const quote = triple === '"""' || triple === "'''" ? triple : this.#peek();
    let at = this.#at + quote.length;
    let out = "";
    while (!this.#text.startsWith(quote, at)) {
      const char = this.#text[at];
      if (char === undefined || char === "\0" || (quote.length === 1 && char === "\n")) throw new NotLiteral();
      if (char !== "\\") {
        out += char;
        at += 1;
        continue;
      }
      const escape = raw ? (this.#text[at + 1] ?? "") : readEscape(this.#text, at + 1);
      if (escape === undefined) throw new NotLiteral();
      out += typeof escape === "string" ? `\\${escape}` : escape.value;
      at += 1 + escape.length;
    }
    this.#at = at + quote.length;
    return out;
  }
}

const simpleEscapes: Readonly<Record<string, string>> = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
const codeEscape = /(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3}))/y;

/**
 * What the characters after a backslash mean in a Python string: the value and how many characters it took, or undefined when they are wrong. An
 * unknown escape keeps its backslash.
 */
export function readEscape(text: string, at: number): { value: string; length: number } | undefined {
  const char = text[at];
  if (char === undefined) return undefined;
  const simple = simpleEscapes[char];
  if (simple !== undefined) return { value: simple, length: 1 };
  codeEscape.lastIndex = at;
  const coded = codeEscape.exec(text);
  if (coded === null) return /[xuUN]/.test(char) ? undefined : { value: `\\${char}`, length: 1 };
  const code =
    coded[4] === undefined ? Number.parseInt(coded[1] ?? coded[2] ?? coded[3] ?? "", 16) : Number.parseInt(coded[4], 8);
  return code > 0x10ffff ? undefined : { value: String.fromCodePoint(code), length: coded[0].length };
}

function demandHashable(value: unknown): void {
  if (
    value instanceof PySet ||
    (typeof value === "object" && value !== null && !("items" in value) && !("value" in value))
  )
    throw new NotLiteral();
}

/** A plain object when all keys are text that keeps its order there, else a Map. */
export function plainDict(entries: readonly (readonly [unknown, unknown])[]): object {
  // An object lists keys that look like array indexes first: one such key is harmless, two or more beside others would change the order.
  const indexes = entries.filter(([key]) => typeof key === "string" && /^(?:0|[1-9]\d{0,9})$/.test(key)).length;
  if (entries.some(([key]) => typeof key !== "string") || (indexes > 0 && entries.length > 1)) return new Map(entries);
  const dict = {};
  for (const [key, value] of entries)
    Object.defineProperty(dict, key as string, { value, writable: true, enumerable: true, configurable: true });
  return dict;
}
