// The parts of a contract that ODCS has no words for travel in its custom fields, as data. These are their shapes, so that hand-made ones are refused
// with their line before anything is built from them.
import type { FieldsShape, Shape } from "../document/shape.ts";

const texts: Shape = { list: "text" };
const severity: Shape = { words: ["reject", "block", "warn"] };

function fields(name: string, given: Readonly<Record<string, Shape>>, optional: readonly string[] = []): FieldsShape {
  return { name, fields: given, required: Object.keys(given).filter((key) => !optional.includes(key)) };
}

function cases(
  names: readonly string[],
  given: Readonly<Record<string, Shape>>,
  optional: readonly string[] = [],
): Readonly<Record<string, FieldsShape>> {
  return Object.fromEntries(names.map((name) => [name, fields(name, given, optional)]));
}

const stated = { severity, name: "text" } as const;

/** A check of a column. */
export const checkShapeOf: Shape = {
  tag: "check",
  name: "a check",
  cases: {
    ...cases(["min", "max"], { value: "text", exclusive: "boolean", ...stated }, ["exclusive", "severity", "name"]),
    ...cases(["multipleOf"], { step: "text", ...stated }, ["severity", "name"]),
    ...cases(["length"], { min: "integer", max: "integer", ...stated }, ["min", "max", "severity", "name"]),
    ...cases(["casing"], { to: { words: ["lower", "upper"] }, ...stated }, ["severity", "name"]),
    ...cases(["pattern", "notPattern", "like", "notLike"], { pattern: "text", ...stated }, ["severity", "name"]),
    ...cases(["oneOf", "notOneOf"], { values: texts, ...stated }, ["severity", "name"]),
    ...cases(
      ["notBlank", "email", "url", "phone", "ipv4", "uuidText", "countryCode", "currencyCode", "jsonText", "notFuture"],
      stated,
      ["severity", "name"],
    ),
  },
};

const tree: Shape = () => expressionShape;
const others: Shape = { words: ["keep", "missing"] };

/** A condition of a row. */
export const expressionShape: Shape = {
  tag: "op",
  name: "a condition",
  cases: {
    ...cases(["column"], { column: "text" }),
    ...cases(["value"], { value: "text", written: { words: ["number", "text", "bool"] } }),
    ...cases(["all", "any"], { of: { list: tree } }),
    ...cases(["not", "missing", "length"], { of: tree }),
    ...cases(["compare"], { is: { words: ["<", "<=", "=", "<>", ">=", ">"] }, left: tree, right: tree }),
    ...cases(["among"], { of: tree, values: texts }),
    ...cases(["matches", "like"], { of: tree, pattern: "text" }),
    ...cases(["add", "subtract", "multiply"], { left: tree, right: tree }),
    ...cases(["multiple"], { of: tree, step: "text" }),
    ...cases(["change"], { to: { words: ["trim", "collapse", "lower", "upper"] }, of: tree }),
    ...cases(["choose"], { when: tree, chosen: tree, otherwise: tree }),
    ...cases(["replace"], { of: tree, find: "text", with: "text" }),
    ...cases(["rewrite"], {
      of: tree,
      pattern: "text",
      parts: { list: { either: ["text", fields("a part", { group: "integer", width: "integer" })] } },
      otherwise: tree,
    }),
    ...cases(["lookup"], { of: tree, entries: { list: { list: "text", itemsMin: 2, itemsMax: 2 } }, others }),
    ...cases(["nothing", "received"], {}),
    ...cases(["sql"], { sql: "text" }),
  },
};

const figures = {
  words:
    "count nullCount sum mean median min max stddev variance distinct nullShare missingShare uniqueShare zeroShare minLength meanLength maxLength".split(
      " ",
    ),
} as const;

/** What is usual, for rules that compare with history. */
const band = {
  direction: { words: ["up", "down", "both"] },
  deviations: "number",
  tail: "number",
  season: { words: ["none", "hour", "weekday", "hourOfWeek"] },
  windowDays: "number",
  pointsMin: "number",
  changeMin: "number",
} as const;

const bounds = { min: "number", max: "number", scope: { words: ["batch", "table"] } } as const;

/** A rule over several rows. */
export const setShape: Shape = {
  tag: "set",
  name: "a rule over several rows",
  cases: {
    ...cases(["unique"], { columns: texts, keep: { words: ["first", "last"] } }),
    ...cases(["exists"], { columns: texts, table: "text", parentColumns: texts, when: tree }, ["when"]),
    ...cases(["noOverlap"], { start: "text", end: "text", by: texts }),
    ...cases(["sequence"], { column: "text", step: "number", by: texts }),
    ...cases(["increasing"], { column: "text", by: texts }),
    ...cases(["outliers"], { column: "text", deviations: "number" }),
    ...cases(["rowCount"], bounds, ["min", "max"]),
    ...cases(["aggregate"], { of: figures, column: "text", ...bounds }, ["min", "max"]),
    ...cases(["quantile"], { at: "number", column: "text", ...bounds }, ["min", "max"]),
    ...cases(["freshness"], { column: "text", withinMinutes: "integer", scope: bounds.scope }),
    ...cases(["noGaps"], { column: "text", per: { words: ["day", "hour"] }, scope: bounds.scope }),
    ...cases(["sameCount"], { table: "text", difference: "number", scope: bounds.scope }),
    ...cases(["fewerRows"], { table: "text", scope: bounds.scope }),
    ...cases(["anomaly"], { of: figures, column: "text", ...band }, ["deviations", "tail"]),
    ...cases(
      ["volume"],
      { per: { words: ["batch", "hour", "day"] }, by: "text", first: { words: ["pass", "fail"] }, ...band },
      ["by", "deviations", "tail"],
    ),
    ...cases(["arrival"], band, ["deviations", "tail"]),
    ...cases(["sameRows"], { table: "text", columns: texts, scope: bounds.scope }),
    ...cases(["drift"], {
      column: "text",
      method: { words: ["psi", "kl", "chiSquare", "ks"] },
      max: "number",
      rowsMin: "integer",
    }),
  },
};

/** What happens to text before it is judged. */
export const cleansingShape: Shape = {
  list: {
    tag: "step",
    name: "a step of cleansing",
    cases: {
      ...cases(["trim", "collapse", "lower", "upper", "country", "currency"], {}),
      ...cases(["nullIf"], { values: texts }),
      ...cases(["number"], { decimal: "text", group: "text" }),
      ...cases(["date"], { formats: texts }),
      ...cases(["phone"], { callingCode: "text" }),
      ...cases(["map"], { entries: { mapOf: "text" }, others }),
      ...cases(["default"], { value: "text" }),
    },
  },
};
