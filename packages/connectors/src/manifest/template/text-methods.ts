// Methods of text in templates, as Python's str has them.
import { demandText, parameters, type Call, type Parameter } from "./callables.ts";
import { demandLength } from "./limits.ts";
import { characters } from "./operators.ts";
import { iterate, PythonError, PyTuple } from "./python-values.ts";

export interface Method {
  readonly parameters: readonly Parameter[];
  readonly call: (self: string) => Call;
}

const method = (declared: readonly Parameter[], call: (self: string) => Call): Method => ({
  parameters: declared,
  call,
});
const none = parameters();
const cased = (change: (text: string) => string): Method => method(none, (self) => () => change(self));
const all = (form: RegExp): Method => method(none, (self) => () => form.test(self));

/** What Python takes for a blank, beside what JavaScript does. */
const blankSet = String.raw`\s\x1c-\x1f\x85`;
const blanks = new RegExp(`[${blankSet}]`, "u");
const words = new RegExp(`[^${blankSet}]+`, "gu");
const lineEnd = String.raw`\r\n\v\f\x1c-\x1e\x85\u2028\u2029`;
const wholeLine = new RegExp(`[^${lineEnd}]*(?:\r\n|[${lineEnd}]|$)`, "g");
const endOfLine = new RegExp(`(?:\r\n|[${lineEnd}])$`);

/** Takes characters of a set, or blanks, from the ends. */
export function strip(text: string, set: unknown, side: "both" | "left" | "right" = "both"): string {
  const chars = Array.from(text);
  const inSet =
    set === null
      ? (char: string) => blanks.test(char)
      : (char: string) => demandText(set, "the characters").includes(char);
  let start = 0;
  let end = chars.length;
  if (side !== "right") while (start < end && inSet(chars[start] ?? "")) start += 1;
  if (side !== "left") while (end > start && inSet(chars[end - 1] ?? "")) end -= 1;
  return chars.slice(start, end).join("");
}

function split(text: string, separator: unknown, most: unknown): string[] {
  const limit = Number(most) < 0 ? Number.POSITIVE_INFINITY : Number(most);
  if (separator === null) return splitBlanks(text, limit);
  if (separator === "") throw new PythonError("ValueError", "empty separator");
  const parts = text.split(demandText(separator, "the separator"));
  if (parts.length - 1 <= limit) return parts;
  return [...parts.slice(0, limit), parts.slice(limit).join(separator as string)];
}

function splitBlanks(text: string, limit: number): string[] {
  const parts: string[] = [];
  for (const { 0: word, index } of text.matchAll(words)) {
    if (parts.length >= limit) return [...parts, text.slice(index)];
    parts.push(word);
  }
  return parts;
}

function splitRight(text: string, separator: unknown, most: unknown): string[] {
  const parts = split(text, separator, -1);
  const limit = Number(most);
  if (limit < 0 || parts.length - 1 <= limit) return parts;
  const tail = limit === 0 ? [] : parts.slice(-limit);
  const joined = tail.reduce((length, part) => length + part.length, 0);
  if (separator !== null) {
    const head = text.slice(0, text.length - joined - tail.length * (separator as string).length);
    return [head, ...tail];
  }
  return [parts.slice(0, parts.length - limit).join(" "), ...tail];
}

export function replaceText(text: string, [from, to, most]: readonly unknown[]): string {
  const [old, replacement] = [
    demandText(from, "replace()'s first argument"),
    demandText(to, "replace()'s second argument"),
  ];
  const count = Number(most);
  const pieces = old === "" ? ["", ...Array.from(text), ""] : text.split(old);
  demandLength(text.length + (count < 0 ? pieces.length : Math.min(count, pieces.length)) * replacement.length, "text");
  if (count < 0 || count >= pieces.length - 1) return pieces.join(replacement);
  const head = pieces.slice(0, count + 1).join(replacement);
  return (
    head +
    pieces
      .slice(count + 1)
      .map((piece) => old + piece)
      .join("")
  );
}

function ends(text: string, affixes: unknown, test: (text: string, affix: string) => boolean): boolean {
  const list = affixes instanceof PyTuple ? affixes.items : [affixes];
  return list.some((affix) => test(text, demandText(affix, "the beginning or end")));
}

function part(text: string, start: unknown, end: unknown): string {
  const chars = characters(text);
  const from = start === null ? 0 : Number(start);
  const to = end === null ? chars.length : Number(end);
  return typeof chars === "string" ? chars.slice(from, to) : chars.slice(from, to).join("");
}

function find(text: string, wanted: unknown, last: boolean): number {
  const sought = demandText(wanted, "the text sought");
  const at = last ? text.lastIndexOf(sought) : text.indexOf(sought);
  return at < 0 ? -1 : Array.from(text.slice(0, at)).length;
}

/** Empty text stands between all characters, and at both ends. */
function count(text: string, wanted: unknown): number {
  return wanted === "" ? characters(text).length + 1 : text.split(demandText(wanted, "the text sought")).length - 1;
}

function found(at: number): number {
  if (at < 0) throw new PythonError("ValueError", "substring not found");
  return at;
}

function partition(text: string, separator: unknown, last: boolean): PyTuple {
  const by = demandText(separator, "the separator");
  if (by === "") throw new PythonError("ValueError", "empty separator");
  const at = last ? text.lastIndexOf(by) : text.indexOf(by);
  if (at < 0) return new PyTuple(last ? ["", "", text] : [text, "", ""]);
  return new PyTuple([text.slice(0, at), by, text.slice(at + by.length)]);
}

/** Pads on both sides as Python centres: the odd blank goes left when the width is odd. */
export function center(text: string, width: unknown, fill: unknown): string {
  const missing = Math.max(0, Number(width) - Array.from(text).length);
  demandLength(missing + text.length, "text");
  const left = Math.floor(missing / 2) + (missing & Number(width) & 1);
  const filler = fillCharacter(fill);
  return filler.repeat(left) + text + filler.repeat(missing - left);
}

function fillCharacter(fill: unknown): string {
  const text = demandText(fill, "the fill character");
  if (Array.from(text).length !== 1)
    throw new PythonError("TypeError", "The fill character must be exactly one character long");
  return text;
}

function justify(text: string, { width, fill, left }: { width: unknown; fill: unknown; left: boolean }): string {
  const missing = Math.max(0, Number(width) - Array.from(text).length);
  demandLength(missing + text.length, "text");
  const filling = fillCharacter(fill).repeat(missing);
  return left ? text + filling : filling + text;
}

export function capitalize(text: string): string {
  const [first = "", ...rest] = Array.from(text);
  return first.toUpperCase() + rest.join("").toLowerCase();
}

export function title(text: string): string {
  return text.replace(/\p{L}+/gu, capitalize);
}

function swapCase(text: string): string {
  return Array.from(text)
    .map((char) => (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase()))
    .join("");
}

function joined(separator: string, items: unknown): string {
  const texts = iterate(items).map((item) => demandText(item, "sequence item"));
  demandLength(
    texts.reduce((length, text) => length + text.length + separator.length, 0),
    "text",
  );
  return texts.join(separator);
}

function zeroFill(text: string, width: unknown): string {
  const sign = /^[+-]/.exec(text)?.[0] ?? "";
  return sign + justify(text.slice(sign.length), { width: Number(width) - sign.length, fill: "0", left: false });
}

function expandTabs(text: string, size: unknown): string {
  const width = Math.max(0, Number(size));
  demandLength(text.length + (text.split("\t").length - 1) * width, "text");
  return text
    .split("\n")
    .map((line) =>
      line.split("\t").reduce((out, piece) => out + " ".repeat(width === 0 ? 0 : width - (out.length % width)) + piece),
    )
    .join("\n");
}

const affix = parameters("prefix", ["start", null], ["end", null]);
const separated = parameters(["sep", null], ["maxsplit", -1]);
const sought = parameters("sub", ["start", null], ["end", null]);
const stripped = parameters(["chars", null]);
const padded = parameters("width", ["fillchar", " "]);

/** By name; `format` and `format_map` stand in attributes.ts, because they look into values. */
export const textMethods: Readonly<Record<string, Method>> = {
  capitalize: cased(capitalize),
  casefold: cased((text) => text.toLowerCase()),
  lower: cased((text) => text.toLowerCase()),
  upper: cased((text) => text.toUpperCase()),
  swapcase: cased(swapCase),
  title: cased(title),
  strip: method(stripped, (self) => (set) => strip(self, set)),
  lstrip: method(stripped, (self) => (set) => strip(self, set, "left")),
  rstrip: method(stripped, (self) => (set) => strip(self, set, "right")),
  split: method(separated, (self) => (separator, most) => split(self, separator, most)),
  rsplit: method(separated, (self) => (separator, most) => splitRight(self, separator, most)),
  splitlines: method(parameters(["keepends", false]), (self) => (keep) => lines(self, keep === true)),
  replace: method(
    parameters("old", "new", ["count", -1]),
    (self) =>
      (...args) =>
        replaceText(self, args),
  ),
  startswith: method(
    affix,
    (self) => (with_, start, end) => ends(part(self, start, end), with_, (text, begin) => text.startsWith(begin)),
  ),
  endswith: method(
    affix,
    (self) => (with_, start, end) => ends(part(self, start, end), with_, (text, end_) => text.endsWith(end_)),
  ),
  removeprefix: method(
    parameters("prefix"),
    (self) => (start) => (self.startsWith(String(start)) ? self.slice(String(start).length) : self),
  ),
  removesuffix: method(
    parameters("suffix"),
    (self) => (end) => (end !== "" && self.endsWith(String(end)) ? self.slice(0, -String(end).length) : self),
  ),
  find: method(sought, (self) => (sub, start, end) => shifted(find(part(self, start, end), sub, false), start)),
  rfind: method(sought, (self) => (sub, start, end) => shifted(find(part(self, start, end), sub, true), start)),
  index: method(sought, (self) => (sub, start, end) => found(shifted(find(part(self, start, end), sub, false), start))),
  rindex: method(sought, (self) => (sub, start, end) => found(shifted(find(part(self, start, end), sub, true), start))),
  count: method(sought, (self) => (sub, start, end) => count(part(self, start, end), sub)),
  partition: method(parameters("sep"), (self) => (separator) => partition(self, separator, false)),
  rpartition: method(parameters("sep"), (self) => (separator) => partition(self, separator, true)),
  join: method(parameters("iterable"), (self) => (items) => joined(self, items)),
  center: method(padded, (self) => (width, fill) => center(self, width, fill)),
  ljust: method(padded, (self) => (width, fill) => justify(self, { width, fill, left: true })),
  rjust: method(padded, (self) => (width, fill) => justify(self, { width, fill, left: false })),
  zfill: method(parameters("width"), (self) => (width) => zeroFill(self, width)),
  expandtabs: method(parameters(["tabsize", 8]), (self) => (size) => expandTabs(self, size)),
  isdigit: all(/^\p{Nd}+$/u),
  isdecimal: all(/^\p{Nd}+$/u),
  isnumeric: all(/^\p{N}+$/u),
  isalpha: all(/^\p{L}+$/u),
  isalnum: all(/^[\p{L}\p{N}]+$/u),
  isspace: all(new RegExp(`^[${blankSet}]+$`, "u")),
  islower: method(none, (self) => () => /\p{Ll}/u.test(self) && !/[\p{Lu}\p{Lt}]/u.test(self)),
  isupper: method(none, (self) => () => /\p{Lu}/u.test(self) && !/[\p{Ll}\p{Lt}]/u.test(self)),
  istitle: method(none, (self) => () => /\p{L}/u.test(self) && title(self) === self),
};

function shifted(at: number, start: unknown): number {
  return at < 0 || start === null ? at : at + Number(start);
}

function lines(text: string, keepEnds: boolean): string[] {
  const whole = (text.match(wholeLine) ?? []).filter((line) => line !== "");
  return keepEnds ? whole : whole.map((line) => line.replace(endOfLine, ""));
}
