// Cuts a template into text and tokens, with Jinja's rules for blanks: https://jinja.palletsprojects.com/en/stable/templates/#whitespace-control
import { TemplateSyntaxError } from "./syntax.ts";

export type Token =
  | { readonly kind: "text"; readonly value: string; readonly at: number }
  | {
      readonly kind: "output-begin" | "output-end" | "block-begin" | "block-end" | "end";
      readonly value: string;
      readonly at: number;
    }
  | {
      readonly kind: "name" | "string" | "integer" | "float" | "operator";
      readonly value: string;
      readonly at: number;
    };

const opening = /\{\{[-+]?|\{%[-+]?|\{#[-+]?/g;
const rawBlock = /\{%[-+]?\s*raw\s*(-?)%\}/y;
const rawEnd = /\{%([-+]?)\s*endraw\s*(-?)%\}/g;
const expressionToken =
  /(?<blank>\s+)|(?<float>(?<![.\w])(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+))|(?<integer>0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*)|(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<string>'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*")|(?<operator>\/\/|\*\*|==|!=|>=|<=|[+\-/*%~[\](){}<>=.:|,;])/iuy;

/** All tokens of the template, `end` last. @throws TemplateSyntaxError */
export function tokenize(source: string): readonly Token[] {
  // One line end at the end of a template is not part of it.
  return new Lexer(source.replace(/\r\n?/g, "\n").replace(/\n$/, "")).run();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  /** Set by `-%}` and `-}}`: blanks that follow go away. */
  #trimNext = false;

  constructor(source: string) {
    this.#source = source;
  }

  run(): readonly Token[] {
    while (this.#at < this.#source.length) {
      opening.lastIndex = this.#at;
      const found = opening.exec(this.#source);
      const tag = found?.[0] ?? "";
      this.#text(this.#source.slice(this.#at, found?.index ?? this.#source.length), tag.endsWith("-"));
      if (found === null) break;
      this.#at = found.index;
      if (tag.startsWith("{#")) this.#comment();
      else if (tag.startsWith("{%") && this.#raw()) continue;
      else this.#tag(tag);
    }
    this.#tokens.push({ kind: "end", value: "", at: this.#source.length });
    return this.#tokens;
  }

  #text(text: string, trimEnd: boolean): void {
    let kept = this.#trimNext ? text.trimStart() : text;
    if (trimEnd) kept = kept.trimEnd();
    this.#trimNext = false;
    if (kept !== "") this.#tokens.push({ kind: "text", value: kept, at: this.#at });
  }

  #comment(): void {
    const end = this.#source.indexOf("#}", this.#at);
    if (end < 0) throw new TemplateSyntaxError("the comment {# is not closed", this.#at);
    this.#trimNext = this.#source[end - 1] === "-";
    this.#at = end + 2;
  }

  #raw(): boolean {
    rawBlock.lastIndex = this.#at;
    const open = rawBlock.exec(this.#source);
    if (open === null) return false;
    rawEnd.lastIndex = this.#at + open[0].length;
    const close = rawEnd.exec(this.#source);
    if (close === null) throw new TemplateSyntaxError("{% raw %} is not closed", this.#at);
    let text = this.#source.slice(this.#at + open[0].length, close.index);
    if (open[1] === "-") text = text.trimStart();
    if (close[1] === "-") text = text.trimEnd();
    if (text !== "") this.#tokens.push({ kind: "text", value: text, at: this.#at });
    this.#trimNext = close[2] === "-";
    this.#at = close.index + close[0].length;
    return true;
  }

  #tag(tag: string): void {
    const kind = tag.startsWith("{{") ? "output" : "block";
    const start = this.#at;
    const close = kind === "output" ? "}}" : "%}";
    this.#tokens.push({ kind: `${kind}-begin`, value: tag, at: start });
    this.#at += tag.length;
    const open: string[] = [];
    for (;;) {
      if (this.#at >= this.#source.length) throw new TemplateSyntaxError(`${tag} is not closed`, start);
      if (open.length === 0 && this.#closes(close)) break;
      this.#expressionToken(open);
    }
    this.#tokens.push({ kind: `${kind}-end`, value: close, at: this.#at });
    this.#trimNext = this.#source[this.#at] === "-";
    this.#at += this.#trimNext || this.#source[this.#at] === "+" ? 3 : 2;
  }

  #closes(close: string): boolean {
    const signed = /[-+]/.test(this.#source[this.#at] ?? "");
    return this.#source.startsWith(close, this.#at + (signed ? 1 : 0));
  }

  #expressionToken(open: string[]): void {
    expressionToken.lastIndex = this.#at;
    const match = expressionToken.exec(this.#source);
    if (match?.groups === undefined)
      throw new TemplateSyntaxError(`unexpected character ${JSON.stringify(this.#source[this.#at])}`, this.#at);
    const [value] = match;
    for (const kind of ["float", "integer", "name", "string", "operator"] as const)
      if (match.groups[kind] !== undefined) {
        if (kind === "operator") balance(open, value, this.#at);
        this.#tokens.push({ kind, value, at: this.#at });
      }
    this.#at += value.length;
  }
}

const pairs: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

function balance(open: string[], operator: string, at: number): void {
  if (operator === "(" || operator === "[" || operator === "{") open.push(operator);
  const wanted = pairs[operator];
  if (wanted === undefined) return;
  if (open.pop() !== wanted) throw new TemplateSyntaxError(`unexpected "${operator}"`, at);
}
