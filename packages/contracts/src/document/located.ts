// A YAML or JSON file as plain values that remember their lines: what every reader of another system's file begins with.
import { MillraceError } from "@millrace/core";
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Alias,
  type Document,
  type Node,
} from "yaml";

const charactersMax = 8 * 1024 * 1024;
const partsMax = 500_000;
const depthMax = 100;

export type Fields = Readonly<Record<string, unknown>>;

interface Lines {
  readonly line: number;
  readonly keys: ReadonlyMap<string, number>;
}

/** Values of a file; mappings and lists know their lines. Whole numbers beyond 2^53 are bigint. */
export class LocatedFile {
  readonly file: string;
  readonly root: unknown;
  readonly #lines: WeakMap<object, Lines>;

  constructor(file: string, root: unknown, lines: WeakMap<object, Lines>) {
    this.file = file;
    this.root = root;
    this.#lines = lines;
  }

  /** Line, from 1, of a mapping or list, or of one of its keys. */
  line(of: unknown, key?: string | number): number {
    const known = typeof of === "object" && of !== null ? this.#lines.get(of) : undefined;
    return (key === undefined ? undefined : known?.keys.get(String(key))) ?? known?.line ?? 1;
  }

  /** @param problem a sentence without its end: what was found, and what would be valid */
  invalid(problem: string, of?: unknown, key?: string | number): MillraceError {
    const line = this.line(of, key);
    const end = problem.endsWith("?") ? "" : ".";
    return new MillraceError("contract-file-invalid", `${this.file}:${line}: ${problem}${end}`, {
      details: { file: this.file, line },
    });
  }
}

/** @throws MillraceError contract-file-invalid with the line of the fault */
export function readLocated(text: string, file: string): LocatedFile {
  if (text.length > charactersMax)
    throw new LocatedFile(file, null, new WeakMap()).invalid(`the file has more than ${charactersMax} characters`);
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, intAsBigInt: true });
  const reader = new Reader(document, counter, file);
  const [fault] = document.errors;
  if (fault !== undefined) throw reader.fault(fault.message.split("\n")[0] ?? "not readable", fault.pos[0]);
  return new LocatedFile(file, reader.value(document.contents, 0), reader.lines);
}

class Reader {
  readonly lines = new WeakMap<object, Lines>();
  readonly #document: Document;
  readonly #counter: LineCounter;
  readonly #file: string;
  #parts = 0;

  constructor(document: Document, counter: LineCounter, file: string) {
    this.#document = document;
    this.#counter = counter;
    this.#file = file;
  }

  fault(problem: string, position: number): MillraceError {
    const { line } = this.#counter.linePos(position);
    return new MillraceError("contract-file-invalid", `${this.#file}:${line}: ${problem}.`, {
      details: { file: this.#file, line },
    });
  }

  value(node: unknown, depth: number): unknown {
    this.#parts += 1;
    // Aliases are followed, so a small file could stand for an endless one.
    if (this.#parts > partsMax) throw this.#at(node, `the file stands for more than ${partsMax} parts`);
    if (depth > depthMax) throw this.#at(node, `parts are nested deeper than ${depthMax}`);
    if (isAlias(node)) return this.value(this.#target(node), depth + 1);
    if (isSeq(node)) return this.#list(node.items, node, depth);
    if (isMap(node)) return this.#map(node.items, node, depth);
    return isScalar(node) ? plain(node.value) : null;
  }

  #target(alias: Alias): Node {
    const target = alias.resolve(this.#document);
    if (target === undefined) throw this.#at(alias, `the alias *${alias.source} names nothing before it`);
    return target;
  }

  #list(items: readonly unknown[], node: Node, depth: number): unknown[] {
    const list = items.map((item) => this.value(item, depth + 1));
    this.lines.set(list, {
      line: this.#line(node),
      keys: new Map(items.map((item, at) => [String(at), this.#line(item)])),
    });
    return list;
  }

  #map(items: readonly { readonly key: unknown; readonly value: unknown }[], node: Node, depth: number): Fields {
    const keys = new Map<string, number>();
    const entries = items.map((pair): [string, unknown] => {
      const key = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
      keys.set(key, this.#line(pair.key));
      return [key, this.value(pair.value, depth + 1)];
    });
    // fromEntries defines the keys, also one named __proto__.
    const map = Object.fromEntries(entries);
    this.lines.set(map, { line: this.#line(node), keys });
    return map;
  }

  #line(node: unknown): number {
    const start = (node as Node | null)?.range?.[0];
    return start === undefined ? 1 : this.#counter.linePos(start).line;
  }

  #at(node: unknown, problem: string): MillraceError {
    return this.fault(problem, (node as Node | null)?.range?.[0] ?? 0);
  }
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  return value ?? null;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The items of a list; nothing where the value is none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A number as exact text; undefined for what is none. */
export function numberText(value: unknown): string | undefined {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  return decimalText(value);
}

/** Without an exponent: `1e-7` is 0.0000001. */
function decimalText(value: number): string {
  const text = String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = "", first = "", rest = "", exponent = "0"] = match;
  const digits = first + rest;
  const point = 1 + Number(exponent);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return sign + digits.padEnd(point, "0");
}
