// Reads one parameter's text from left to right. Every failure names the parameter and the place.
import { MillraceError } from "@millrace/core";
import { queryLimits } from "./syntax.ts";

const bareName = /[^,.:()"\s{}]+(?:[ ]+[^,.:()"\s{}]+)*/y;
const bareElement = /[^,(){}"\\]*/y;

export class Reader {
  readonly text: string;
  readonly #parameter: string;
  #at = 0;

  constructor(parameter: string, text: string) {
    this.#parameter = parameter;
    this.text = text;
  }

  get done(): boolean {
    return this.#at >= this.text.length;
  }

  /** True, and moved on, when the text goes on with `piece`. */
  accept(piece: string): boolean {
    if (!this.text.startsWith(piece, this.#at)) return false;
    this.#at += piece.length;
    return true;
  }

  expect(piece: string): void {
    if (!this.accept(piece)) this.fail(`expected ${JSON.stringify(piece)}`);
  }

  /** True when the text goes on with `piece`; stays where it is. */
  sees(piece: string): boolean {
    return this.text.startsWith(piece, this.#at);
  }

  /** What a sticky pattern matches here. */
  take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  rest(): string {
    const rest = this.text.slice(this.#at);
    this.#at = this.text.length;
    return rest;
  }

  /** A column or alias: bare, or in double quotes. */
  name(): string {
    if (this.sees('"')) return this.quoted();
    const name = this.take(bareName);
    if (name === "") this.fail("expected a column");
    if (name.includes("->")) this.fail("paths into JSON are not served; select the whole column");
    return name;
  }

  /** Text in double quotes; a backslash takes the next character as it is. */
  quoted(): string {
    this.expect('"');
    let value = "";
    for (;;) {
      if (this.done) this.fail("the closing quote is missing");
      const character = this.text[this.#at++] ?? "";
      if (character === '"') return value;
      value += character === "\\" ? (this.text[this.#at++] ?? "") : character;
    }
  }

  /** Comma-separated elements between two brackets; an empty pair is an empty list. */
  list(open: "(" | "{", close: ")" | "}"): string[] {
    this.expect(open);
    const elements: string[] = [];
    if (this.accept(close)) return elements;
    do {
      elements.push(this.sees('"') ? this.quoted() : this.take(bareElement));
      if (elements.length > queryLimits.listItemsMax) this.fail(`a list has at most ${queryLimits.listItemsMax} items`);
    } while (this.accept(","));
    this.expect(close);
    return elements;
  }

  end(): void {
    if (!this.done) this.fail("expected the end");
  }

  fail(problem: string): never {
    const position = this.#at + 1;
    throw new MillraceError("request-invalid", `${this.#parameter}: ${problem} at character ${position}.`, {
      details: { parameter: this.#parameter, position },
    });
  }
}
