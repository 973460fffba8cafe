// Conditions of a row, written with `check` as an author would; trees that `check` has no word for are written as data.
import type { Expression } from "@millrace/core";
import { data, isPlainNumber, pattern, quoted } from "./literal.ts";

/** @param use called with the name of each function of Millrace that the text needs */
export function expressionText(expression: Expression, use: (name: string) => void): string {
  use("check");
  return new Writer().condition(expression) ?? data(expression);
}

class Writer {
  /** Undefined where `check` cannot say it. */
  condition(of: Expression): string | undefined {
    switch (of.op) {
      case "all":
      case "any":
        return this.#joined(of);
      case "not":
        return this.#not(of.of);
      case "missing":
        return this.#ofColumn("missing", of.of);
      case "compare":
        return `check.compare(${this.#operand(of.left)}, ${quoted(of.is)}, ${this.#operand(of.right)})`;
      case "among":
        return this.#ofColumn("oneOf", of.of, of.values.map(quoted));
      case "matches":
        return this.#ofColumn("matches", of.of, [pattern(of.pattern)]);
      default:
        return undefined;
    }
  }

  #joined(of: Extract<Expression, { op: "all" | "any" }>): string {
    const [first, second] = of.of;
    if (
      of.op === "any" &&
      of.of.length === 2 &&
      first?.op === "not" &&
      first.of.op !== "missing" &&
      second !== undefined
    )
      return `check.when(${this.#part(first.of)}, ${this.#part(second)})`;
    return `check.${of.op}(${of.of.map((part) => this.#part(part)).join(", ")})`;
  }

  #not(of: Expression): string {
    const present = of.op === "missing" ? this.#ofColumn("present", of.of) : undefined;
    return present ?? `check.not(${this.#part(of)})`;
  }

  #ofColumn(name: string, of: Expression, more: readonly string[] = []): string | undefined {
    return of.op === "column" ? `check.${name}(${[quoted(of.column), ...more].join(", ")})` : undefined;
  }

  #part(of: Expression): string {
    return this.condition(of) ?? data(of);
  }

  /** A column is its name. */
  #operand(of: Expression): string {
    if (of.op === "column") return quoted(of.column);
    return this.#value(of) ?? this.condition(of) ?? data(of);
  }

  #value(of: Expression): string | undefined {
    switch (of.op) {
      case "value":
        return constant(of);
      case "length":
        return this.#ofColumn("length", of.of);
      case "add":
        return `check.sum(${terms(of)
          .map((term) => this.#operand(term))
          .join(", ")})`;
      case "subtract":
        return `check.difference(${this.#operand(of.left)}, ${this.#operand(of.right)})`;
      case "multiply":
        return `check.product(${this.#operand(of.left)}, ${this.#operand(of.right)})`;
      default:
        return undefined;
    }
  }
}

function terms(of: Expression): readonly Expression[] {
  return of.op === "add" ? [...terms(of.left), of.right] : [of];
}

/** Text that looks like a number is one for `check.value`. */
function constant({ value, written }: Extract<Expression, { op: "value" }>): string | undefined {
  if (written === "bool") return value === "true" || value === "false" ? `check.value(${value})` : undefined;
  const looksLikeNumber = /^[+-]?\d+(\.\d+)?$/.test(value);
  if (looksLikeNumber !== (written === "number")) return undefined;
  return `check.value(${written === "number" && isPlainNumber(value) ? value : quoted(value)})`;
}
