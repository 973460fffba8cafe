// Walks over the tokens of a template; both parsers share one.
import { tokenize, type Token } from "./lexer.ts";
import { TemplateSyntaxError } from "./syntax.ts";

const depthMax = 150;

export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#tokens = tokenize(source);
  }

  get current(): Token {
    // The last token is always `end`.
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token;
  }

  get following(): Token {
    return this.#tokens[Math.min(this.#at + 1, this.#tokens.length - 1)] as Token;
  }

  next(): Token {
    const token = this.current;
    this.#at += 1;
    return token;
  }

  isOperator(...operators: readonly string[]): boolean {
    return this.current.kind === "operator" && operators.includes(this.current.value);
  }

  isName(...names: readonly string[]): boolean {
    return this.current.kind === "name" && (names.length === 0 || names.includes(this.current.value));
  }

  /** Takes the operator when it comes next. */
  skipOperator(operator: string): boolean {
    if (!this.isOperator(operator)) return false;
    this.#at += 1;
    return true;
  }

  skipName(name: string): boolean {
    if (!this.isName(name)) return false;
    this.#at += 1;
    return true;
  }

  expectOperator(operator: string): void {
    if (!this.skipOperator(operator)) throw this.unexpected(`"${operator}"`);
  }

  expectName(): string {
    if (this.current.kind !== "name") throw this.unexpected("a name");
    return this.next().value;
  }

  expectKind(kind: Token["kind"]): void {
    if (this.current.kind !== kind) throw this.unexpected(kind === "block-end" ? '"%}"' : '"}}"');
    this.#at += 1;
  }

  unexpected(wanted: string): TemplateSyntaxError {
    const { kind, value, at } = this.current;
    const found = kind === "end" ? "the end of the template" : JSON.stringify(value);
    return new TemplateSyntaxError(`expected ${wanted}, found ${found}`, at);
  }

  /** Runs a part that may contain itself; nesting is bounded. */
  nested<T>(parse: () => T): T {
    if (this.#depth >= depthMax)
      throw new TemplateSyntaxError(`more than ${depthMax} parts inside of each other`, this.current.at);
    this.#depth += 1;
    const result = parse();
    this.#depth -= 1;
    return result;
  }
}
