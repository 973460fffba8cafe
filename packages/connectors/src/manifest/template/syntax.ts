// The shape of a parsed template. Neighbours: lexer.ts and parse-*.ts build it, compile-*.ts turn it into functions.

export type Expression =
  | { readonly kind: "constant"; readonly value: unknown }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "attribute"; readonly object: Expression; readonly name: string }
  | { readonly kind: "item"; readonly object: Expression; readonly key: Expression }
  | {
      readonly kind: "slice";
      readonly object: Expression;
      readonly start: Expression | null;
      readonly stop: Expression | null;
      readonly step: Expression | null;
    }
  | { readonly kind: "call"; readonly callee: Expression; readonly args: CallArguments }
  | { readonly kind: "filter"; readonly name: string; readonly input: Expression; readonly args: CallArguments }
  | {
      readonly kind: "test";
      readonly name: string;
      readonly input: Expression;
      readonly args: CallArguments;
      readonly negated: boolean;
    }
  | { readonly kind: "unary"; readonly operator: "+" | "-" | "not"; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: "logic"; readonly operator: "and" | "or"; readonly left: Expression; readonly right: Expression }
  | { readonly kind: "concat"; readonly parts: readonly Expression[] }
  | {
      readonly kind: "compare";
      readonly first: Expression;
      readonly rest: readonly { readonly operator: CompareOperator; readonly right: Expression }[];
    }
  | {
      readonly kind: "if";
      readonly condition: Expression;
      readonly value: Expression;
      readonly otherwise: Expression | null;
    }
  | { readonly kind: "list" | "tuple"; readonly items: readonly Expression[] }
  | { readonly kind: "dict"; readonly entries: readonly (readonly [Expression, Expression])[] };

export type BinaryOperator = "+" | "-" | "*" | "/" | "//" | "%" | "**";
export type CompareOperator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in";

export interface CallArguments {
  readonly positional: readonly Expression[];
  readonly named: readonly { readonly name: string; readonly value: Expression }[];
  /** `*args` and `**named`, in this order. */
  readonly spread: readonly Expression[];
  readonly spreadNamed: readonly Expression[];
}

/** What `set` and `for` assign to: a name, several, or a field of a namespace. */
export type Target =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "field"; readonly name: string; readonly field: string }
  | { readonly kind: "several"; readonly targets: readonly Target[] };

export type Statement =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "output"; readonly expression: Expression }
  | {
      readonly kind: "if";
      readonly branches: readonly { readonly condition: Expression; readonly body: Body }[];
      readonly otherwise: Body;
    }
  | { readonly kind: "set"; readonly target: Target; readonly value: Expression }
  | { readonly kind: "set-block"; readonly target: Target; readonly filters: Expression | null; readonly body: Body }
  | {
      readonly kind: "for";
      readonly target: Target;
      readonly items: Expression;
      readonly condition: Expression | null;
      readonly body: Body;
      readonly otherwise: Body;
    }
  | {
      readonly kind: "with";
      readonly entries: readonly { readonly target: Target; readonly value: Expression }[];
      readonly body: Body;
    }
  | { readonly kind: "filter"; readonly filters: Expression; readonly body: Body };

export type Body = readonly Statement[];

/** Stands for the captured text in the filters of `{% filter %}` and `{% set %}{% endset %}`. */
export const capturedName = "caller body";

/** Text that is no template: a lexing or parsing fault. `offset` counts characters from its start. */
export class TemplateSyntaxError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}
