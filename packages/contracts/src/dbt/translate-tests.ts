// The data tests that dbt has itself and those of the package dbt_utils, each as what it becomes in a contract.
import { listOf, numberText, textOf } from "../document/located.ts";
import { tableNamed } from "./read-test.ts";
import { checked, minutesOf, numberOf, ofColumn, set, type Translate } from "./translation.ts";

const acceptedValues: Translate = ofColumn((_column, given) => {
  const values = listOf(given["values"]).map((value) => numberText(value) ?? String(value));
  return values.length === 0 ? undefined : { becomes: "values", values };
});

const relationships: Translate = ofColumn((_column, given) => {
  const table = tableNamed(given["to"]);
  const field = textOf(given["field"]);
  return table === undefined || field === undefined ? undefined : { becomes: "reference", table, column: field };
});

const combination: Translate = ({ given, columnOf }) => {
  const columns = listOf(given["combination_of_columns"]).map(columnOf);
  const known = columns.filter((column) => column !== undefined);
  if (known.length === 0 || known.length < columns.length) return undefined;
  return set(`unique_${known.join("_")}`, { set: "unique", columns: known, keep: "first" });
};

/** At a column, the expression goes on behind its name. */
const expression: Translate = ({ given, column }) => {
  const text = textOf(given["expression"]);
  if (text === undefined || text.trim() === "") return undefined;
  return {
    becomes: "sql",
    sql: column === undefined ? text : `${column} ${text}`,
    named: `${column ?? "row"}_expression`,
  };
};

const recency: Translate = ({ given, columnOf }) => {
  const column = columnOf(given["field"]);
  const withinMinutes = minutesOf(given["datepart"], given["interval"]);
  if (column === undefined || withinMinutes === undefined) return undefined;
  return set(`${column}_recent`, { set: "freshness", column, withinMinutes, scope: "table" });
};

const ranges: Translate = ({ given, columnOf }) => {
  const start = columnOf(given["lower_bound_column"]);
  const end = columnOf(given["upper_bound_column"]);
  const by = given["partition_by"] === undefined ? [] : [columnOf(given["partition_by"])];
  const known = by.filter((column) => column !== undefined);
  if (start === undefined || end === undefined || known.length < by.length) return undefined;
  if ((given["gaps"] ?? "allowed") !== "allowed") return undefined;
  return set(`${start}_no_overlap`, { set: "noOverlap", start, end, by: known });
};

const sameCount: Translate = ({ given }) => {
  const table = tableNamed(given["compare_model"]);
  return table === undefined
    ? undefined
    : set("same_count", { set: "sameCount", table, difference: 0, scope: "table" });
};

const sameRows: Translate = ({ given, columnOf }) => {
  const table = tableNamed(given["compare_model"]);
  const columns = listOf(given["compare_columns"]).map(columnOf);
  const known = columns.filter((column) => column !== undefined);
  if (table === undefined || known.length === 0 || known.length < columns.length) return undefined;
  return set("same_rows", { set: "sameRows", table, columns: known, scope: "table" });
};

const nullShare: Translate = ofColumn((column, given) => {
  const least = numberOf(given["at_least"]);
  if (least === undefined || given["at_most"] !== undefined) return undefined;
  const max = Number((1 - least).toPrecision(12));
  return set(`${column}_missing`, { set: "aggregate", of: "nullShare", column, scope: "table", max });
});

const distinct = (least: number, named: string): Translate =>
  ofColumn((column) =>
    set(`${column}_${named}`, { set: "aggregate", of: "distinct", column, scope: "table", min: least }),
  );

const sequential: Translate = ofColumn((column, given) =>
  given["datepart"] === undefined
    ? set(`${column}_sequence`, { set: "sequence", column, step: numberOf(given["interval"]) ?? 1, by: [] })
    : undefined,
);

/** By the name of the test; kinds that are not here are not translated. */
export const builtInTests: Readonly<Record<string, Translate>> = {
  not_null: ofColumn(() => ({ becomes: "required" })),
  unique: ofColumn((column) => set(`${column}_unique`, { set: "unique", columns: [column], keep: "first" })),
  accepted_values: acceptedValues,
  relationships,
  "dbt_utils.accepted_values": acceptedValues,
  "dbt_utils.not_accepted_values": ofColumn((_column, given) => {
    const values = listOf(given["values"]).map((value) => numberText(value) ?? String(value));
    return values.length === 0 ? undefined : checked({ check: "notOneOf", values });
  }),
  "dbt_utils.unique_combination_of_columns": combination,
  "dbt_utils.expression_is_true": expression,
  "dbt_utils.not_empty_string": ofColumn((_column, given) =>
    checked(given["trim_whitespace"] === false ? { check: "length", min: 1 } : { check: "notBlank" }),
  ),
  "dbt_utils.not_null_proportion": nullShare,
  "dbt_utils.at_least_one": distinct(1, "any"),
  "dbt_utils.not_constant": distinct(2, "varies"),
  "dbt_utils.recency": recency,
  "dbt_utils.mutually_exclusive_ranges": ranges,
  "dbt_utils.equal_rowcount": sameCount,
  "dbt_utils.fewer_rows_than": ({ given }) => {
    const table = tableNamed(given["compare_model"]);
    return table === undefined ? undefined : set("fewer_rows", { set: "fewerRows", table, scope: "table" });
  },
  "dbt_utils.equality": sameRows,
  "dbt_utils.sequential_values": sequential,
};
