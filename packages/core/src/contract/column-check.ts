// The checks that a column can declare, as data, and each one's own description: fields, types, example and the condition that it stands for.
// docs/rules.md is generated from here.
import type { ColumnCheck } from "./contract.ts";
import { whiteSpace, type Expression } from "./expression.ts";
import type { LogicalKind } from "./logical-type.ts";

export type CheckName = ColumnCheck["check"];

interface CheckKind<Check extends ColumnCheck> {
  readonly summary: string;
  /** What the author gives, by name. */
  readonly fields: Readonly<Record<string, string>>;
  /** Types of column that it fits. */
  readonly types: readonly LogicalKind[];
  readonly example: string;
  readonly condition: (of: Expression, check: Check) => Expression;
}

type Of<Name extends CheckName> = ColumnCheck & { readonly check: Name };
type CheckKinds = { readonly [Name in CheckName]: CheckKind<Of<Name>> };

const numbers: readonly LogicalKind[] = ["int32", "int64", "decimal", "float"];
const ordered: readonly LogicalKind[] = [...numbers, "date", "timestamp", "datetime", "time"];
const text: readonly LogicalKind[] = ["string"];
const listed: readonly LogicalKind[] = ["string", "int32", "int64", "enum"];

/** Deliberately simple: something, one @, a dot in the domain, no blanks. */
const emailPattern = String.raw`^[^@ \t\n\f\r]+@[^@ \t\n\f\r]+\.[^@ \t\n\f\r]+$`;
const urlPattern = String.raw`^[Hh][Tt][Tt][Pp][Ss]?://[^ \t\n\f\r/?#]+[^ \t\n\f\r]*$`;
const octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";

export const columnChecks: CheckKinds = {
  min: {
    summary: "A lowest value.",
    fields: { value: "number, or date and time as ISO text", exclusive: "true: the bound itself is not valid" },
    types: ordered,
    example: "t.decimal(12, 2).min(0)",
    condition: (of, check) => bound(of, check.exclusive === true ? ">" : ">=", check.value),
  },
  max: {
    summary: "A highest value.",
    fields: { value: "number, or date and time as ISO text", exclusive: "true: the bound itself is not valid" },
    types: ordered,
    example: 't.date().max("2099-12-31")',
    condition: (of, check) => bound(of, check.exclusive === true ? "<" : "<=", check.value),
  },
  multipleOf: {
    summary: "A whole multiple of a number, exactly.",
    fields: { step: "number above 0" },
    types: ["int32", "int64", "decimal"],
    example: 't.decimal(8, 2).multipleOf("0.05")',
    condition: (of, check) => ({ op: "multiple", of, step: check.step }),
  },
  length: {
    summary: "Length in Unicode code points.",
    fields: { min: "shortest", max: "longest" },
    types: text,
    example: "t.string().length({ min: 2, max: 40 })",
    condition: (of, { min, max }) => lengthWithin(of, min, max),
  },
  notBlank: {
    summary: "Text with something in it that is not white space.",
    fields: {},
    types: text,
    example: "t.string().notBlank()",
    condition: (of) => ({ op: "matches", of, pattern: `[^${whiteSpace}]` }),
  },
  casing: {
    summary: "Text in one case: no letter that the other case would change.",
    fields: { to: "lower or upper" },
    types: text,
    example: 't.string().casing("upper")',
    condition: (of, check) => ({ op: "compare", is: "=", left: { op: "change", to: check.to, of }, right: of }),
  },
  pattern: {
    summary: "A regular expression that is found in the text; anchor it with ^ and $ for the whole.",
    fields: { pattern: "regular expression that RE2 knows" },
    types: text,
    example: "t.string().pattern(/^SKU-[0-9]{6}$/)",
    condition: (of, check) => ({ op: "matches", of, pattern: check.pattern }),
  },
  notPattern: {
    summary: "A regular expression that must not be found in the text.",
    fields: { pattern: "regular expression that RE2 knows" },
    types: text,
    example: "t.string().notPattern(/[<>]/)",
    condition: (of, check) => ({ op: "not", of: { op: "matches", of, pattern: check.pattern } }),
  },
  like: {
    summary: "SQL's LIKE: % stands for any text, _ for one character, \\ takes the next one literally.",
    fields: { pattern: "pattern of the whole text" },
    types: text,
    example: 't.string().like("INV-%")',
    condition: (of, check) => ({ op: "like", of, pattern: check.pattern }),
  },
  notLike: {
    summary: "The opposite of like.",
    fields: { pattern: "pattern of the whole text" },
    types: text,
    example: 't.string().notLike("%test%")',
    condition: (of, check) => ({ op: "not", of: { op: "like", of, pattern: check.pattern } }),
  },
  email: {
    summary: "The form of an e-mail address: one @, a dot in the domain, no blanks, at most 320 characters.",
    fields: {},
    types: text,
    example: "t.string().email()",
    condition: (of) => shortText(of, 320, emailPattern),
  },
  url: {
    summary: "The form of an http or https address without blanks, at most 2,048 characters.",
    fields: {},
    types: text,
    example: "t.string().url()",
    condition: (of) => shortText(of, 2048, urlPattern),
  },
  phone: {
    summary: "An international telephone number as E.164 writes it: + and 7 to 15 digits.",
    fields: {},
    types: text,
    example: "t.string().phone()",
    condition: (of) => ({ op: "matches", of, pattern: "^[+][1-9][0-9]{6,14}$" }),
  },
  ipv4: {
    summary: "An IPv4 address in dotted form.",
    fields: {},
    types: text,
    example: "t.string().ipv4()",
    condition: (of) => ({ op: "matches", of, pattern: `^${octet}(?:\\.${octet}){3}$` }),
  },
  uuidText: {
    summary: "Text in the form of a UUID, for columns that keep its spelling.",
    fields: {},
    types: text,
    example: "t.string().uuidText()",
    condition: (of) => ({ op: "matches", of, pattern: "^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$" }),
  },
  countryCode: {
    summary: "Two capital letters, the form of ISO 3166-1 alpha-2.",
    fields: {},
    types: text,
    example: "t.string().countryCode()",
    condition: (of) => ({ op: "matches", of, pattern: "^[A-Z]{2}$" }),
  },
  currencyCode: {
    summary: "A currency code of ISO 4217 in capital letters.",
    fields: {},
    types: text,
    example: "t.string().currencyCode()",
    condition: (of) => ({ op: "among", of, values: Intl.supportedValuesOf("currency") }),
  },
  jsonText: {
    summary:
      "Text that the warehouse can read as JSON. Judged by the loader alone, whose reader is more lenient than JavaScript's.",
    fields: {},
    types: text,
    example: "t.string().jsonText()",
    condition: (of) => ({ op: "sql", sql: `json_valid("${of.op === "column" ? of.column : ""}")` }),
  },
  oneOf: {
    summary: "One of a list of values.",
    fields: { values: "text or whole numbers" },
    types: listed,
    example: 't.string().oneOf("new", "used")',
    condition: (of, check) => ({ op: "among", of, values: check.values }),
  },
  notOneOf: {
    summary: "None of a list of values.",
    fields: { values: "text or whole numbers" },
    types: listed,
    example: "t.int32().notOneOf(0, 99)",
    condition: (of, check) => ({ op: "not", of: { op: "among", of, values: check.values } }),
  },
  notFuture: {
    summary: "Not after the moment when the batch was received (dates: its day in UTC). Judged by the loader alone.",
    fields: {},
    types: ["date", "timestamp", "datetime"],
    example: "t.timestamp().notFuture()",
    condition: (of) => ({ op: "compare", is: "<=", left: of, right: { op: "received" } }),
  },
};

/** The condition that a column's check stands for. */
export function checkCondition(column: string, check: ColumnCheck): Expression {
  const kind = columnChecks[check.check] as CheckKind<ColumnCheck>;
  return kind.condition({ op: "column", column }, check);
}

function bound(left: Expression, is: ">" | ">=" | "<" | "<=", value: string): Expression {
  return { op: "compare", is, left, right: { op: "value", value, written: "text" } };
}

function lengthWithin(of: Expression, min: number | undefined, max: number | undefined): Expression {
  const length: Expression = { op: "length", of };
  const bounds = [
    ...(min === undefined ? [] : [bound(length, ">=", String(min))]),
    ...(max === undefined ? [] : [bound(length, "<=", String(max))]),
  ];
  return bounds.length === 1 && bounds[0] !== undefined ? bounds[0] : { op: "all", of: bounds };
}

/** The length is looked at first: it bounds the work of the pattern. */
function shortText(of: Expression, lengthMax: number, pattern: string): Expression {
  return { op: "all", of: [bound({ op: "length", of }, "<=", String(lengthMax)), { op: "matches", of, pattern }] };
}
