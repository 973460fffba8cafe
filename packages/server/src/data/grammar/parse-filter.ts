// Filters: `column=not.in.(a,b)` and trees such as `or=(a.eq.1,not.and(b.is.null,c.like.x*))`.
import { Reader } from "./reader.ts";
import {
  isOperands,
  quantifiedOperators,
  queryLimits,
  valueOperators,
  type ColumnFilter,
  type Filter,
  type GroupFilter,
  type IsOperand,
  type Test,
  type ValueOperator,
} from "./syntax.ts";

const operatorName = /[a-z]*/y;
const bareOperand = /[^,()]*/y;
const groupKey = /^(not\.)?(and|or)$/;

/** Counts filters over a whole query, so that many small trees cannot exceed the bound either. */
export class FilterBudget {
  #left: number = queryLimits.filtersMax;

  spend(reader: Reader): void {
    this.#left -= 1;
    if (this.#left < 0) reader.fail(`a query has at most ${queryLimits.filtersMax} filters`);
  }
}

/** True for the parameters that hold a tree: `and`, `or`, `not.and`, `not.or`. */
export function isGroupKey(key: string): boolean {
  return groupKey.test(key);
}

/** `key=value` of a tree parameter. */
export function parseGroup(key: string, value: string, budget: FilterBudget): GroupFilter {
  const reader = new Reader(key, value);
  const [, negation, kind] = groupKey.exec(key) ?? [];
  const group = readGroup(reader, kind === "or" ? "or" : "and", { negated: negation !== undefined, depth: 1, budget });
  reader.end();
  return group;
}

/** `column=value` of a plain filter: the operand reaches to the end and is not quoted. */
export function parseColumnFilter(column: string, value: string, budget: FilterBudget): ColumnFilter {
  const reader = new Reader(column, value);
  budget.spend(reader);
  const negated = reader.accept("not.");
  const test = readTest(reader, () => reader.rest());
  reader.end();
  return { kind: "column", column, negated, test };
}

interface GroupContext {
  readonly negated: boolean;
  readonly depth: number;
  readonly budget: FilterBudget;
}

function readGroup(reader: Reader, kind: "and" | "or", context: GroupContext): GroupFilter {
  if (context.depth > queryLimits.depthMax) reader.fail(`filters nest at most ${queryLimits.depthMax} deep`);
  reader.expect("(");
  const items: Filter[] = [];
  do items.push(readItem(reader, context));
  while (reader.accept(","));
  reader.expect(")");
  return { kind, negated: context.negated, items };
}

function readItem(reader: Reader, { depth, budget }: GroupContext): Filter {
  budget.spend(reader);
  for (const kind of ["and", "or"] as const) {
    for (const negated of [false, true]) {
      const opening = `${negated ? "not." : ""}${kind}`;
      if (!reader.sees(`${opening}(`)) continue;
      reader.accept(opening);
      return readGroup(reader, kind, { negated, depth: depth + 1, budget });
    }
  }
  const column = reader.name();
  reader.expect(".");
  const negated = reader.accept("not.");
  const test = readTest(reader, () => (reader.sees('"') ? reader.quoted() : reader.take(bareOperand)));
  return { kind: "column", column, negated, test };
}

function readTest(reader: Reader, operand: () => string): Test {
  const operator = reader.take(operatorName);
  if (operator === "in") {
    reader.expect(".");
    return { kind: "in", operands: reader.list("(", ")") };
  }
  if (operator === "is") {
    reader.expect(".");
    return { kind: "is", operand: readIsOperand(reader, operand()) };
  }
  if (!isValueOperator(operator)) return reader.fail(`expected one of ${[...valueOperators, "in", "is"].join(", ")}`);
  const quantifier = readQuantifier(reader, operator);
  reader.expect(".");
  if (quantifier === undefined) return { kind: "value", operator, operand: operand() };
  return { kind: "quantified", operator, quantifier, operands: reader.list("{", "}") };
}

function readQuantifier(reader: Reader, operator: ValueOperator): "any" | "all" | undefined {
  const quantifier = reader.accept("(any)") ? "any" : reader.accept("(all)") ? "all" : undefined;
  if (quantifier !== undefined && !quantifiedOperators.includes(operator))
    reader.fail(`${operator} takes neither any nor all; those that do are ${quantifiedOperators.join(", ")}`);
  return quantifier;
}

function readIsOperand(reader: Reader, text: string): IsOperand {
  const operand = isOperands.find((known) => known === text.toLowerCase());
  return operand ?? reader.fail(`is takes one of ${isOperands.join(", ")}`);
}

function isValueOperator(text: string): text is ValueOperator {
  return (valueOperators as readonly string[]).includes(text);
}
