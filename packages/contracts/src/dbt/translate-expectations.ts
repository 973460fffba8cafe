// The tests of the package dbt_expectations that a contract can say, each as what it becomes.
import type { Aggregate, ColumnCheck } from "@millrace/core";
import { listOf, numberText, textOf, type Fields } from "../document/located.ts";
import { fromSqlType } from "../types/sql-type.ts";
import { tableNamed } from "./read-test.ts";
import {
  checked,
  minutesOf,
  numberOf,
  ofColumn,
  rangeOf,
  set,
  type Translate,
  type Translation,
} from "./translation.ts";

function values(given: Fields): readonly string[] {
  return listOf(given["value_set"]).map((value) => numberText(value) ?? String(value));
}

function pattern(check: "pattern" | "notPattern"): Translate {
  return ofColumn((_column, given) => {
    const regex = textOf(given["regex"]);
    const flags = textOf(given["flags"]) ?? "";
    if (regex === undefined || !/^[ims]*$/.test(flags)) return undefined;
    return checked({ check, pattern: flags === "" ? regex : `(?${flags})${regex}` });
  });
}

function like(check: "like" | "notLike"): Translate {
  return ofColumn((_column, given) => {
    const text = textOf(given["like_pattern"]);
    return text === undefined ? undefined : checked({ check, pattern: text });
  });
}

function aggregate(of: Aggregate): Translate {
  return ofColumn((column, given) => {
    const range = rangeOf(given["min_value"], given["max_value"]);
    if (range === undefined || given["strictly"] === true) return undefined;
    return set(`${column}_${of}`, { set: "aggregate", of, column, scope: "table", ...range });
  });
}

const lengthBetween: Translate = ofColumn((_column, given) => {
  const strictly = given["strictly"] === true ? 1 : 0;
  const min = numberOf(given["min_value"]);
  const max = numberOf(given["max_value"]);
  if (min === undefined && max === undefined) return undefined;
  return checked({
    check: "length",
    ...(min === undefined ? {} : { min: min + strictly }),
    ...(max === undefined ? {} : { max: max - strictly }),
  });
});

const lengthEqual: Translate = ofColumn((_column, given) => {
  const value = numberOf(given["value"]);
  return value === undefined ? undefined : checked({ check: "length", min: value, max: value });
});

const rowCount =
  (low: string, high: string): Translate =>
  ({ given }) => {
    const range = rangeOf(given[low], given[high]);
    return range === undefined || given["strictly"] === true
      ? undefined
      : set("row_count", { set: "rowCount", scope: "table", ...range });
  };

const distinctCount = (least: string, most: string): Translate =>
  ofColumn((column, given) => {
    const range = rangeOf(given[least], given[most]);
    return range === undefined
      ? undefined
      : set(`${column}_distinct`, { set: "aggregate", of: "distinct", column, scope: "table", ...range });
  });

const quantile: Translate = ofColumn((column, given) => {
  const at = numberOf(given["quantile"]);
  const range = rangeOf(given["min_value"], given["max_value"]);
  if (at === undefined || range === undefined || given["strictly"] === true) return undefined;
  return set(`${column}_quantile`, { set: "quantile", at, column, scope: "table", ...range });
});

const compound: Translate = ({ given, columnOf }) => {
  const columns = listOf(given["column_list"]).map(columnOf);
  const known = columns.filter((column) => column !== undefined);
  if (known.length === 0 || known.length < columns.length) return undefined;
  return set(`unique_${known.join("_")}`, { set: "unique", columns: known, keep: "first" });
};

/** Two columns of one row. */
function pair(comparison: (given: Fields) => string, named: string): Translate {
  return ({ given, columnOf }) => {
    const a = columnOf(given["column_A"]);
    const b = columnOf(given["column_B"]);
    if (a === undefined || b === undefined) return undefined;
    return { becomes: "sql", sql: `${a} ${comparison(given)} ${b}`, named: `${a}_${named}_${b}` };
  };
}

const recent: Translate = ({ given, column, columnOf }) => {
  const of = column ?? columnOf(given["column_name"] ?? given["timestamp_column"]);
  const withinMinutes = minutesOf(given["datepart"], given["interval"]);
  if (of === undefined || withinMinutes === undefined) return undefined;
  return set(`${of}_recent`, { set: "freshness", column: of, withinMinutes, scope: "table" });
};

const expression: Translate = ({ given }) => {
  const text = textOf(given["expression"]);
  return text === undefined ? undefined : { becomes: "sql", sql: text, named: "row_expression" };
};

const sameCount: Translate = ({ given }) => {
  const table = tableNamed(given["compare_model"]);
  if (table === undefined || numberOf(given["factor"] ?? 1) !== 1) return undefined;
  return set("same_count", { set: "sameCount", table, difference: 0, scope: "table" });
};

const outliers: Translate = ofColumn((column, given) => {
  const deviations = numberOf(given["sigma_threshold"]) ?? 3;
  return set(`${column}_outliers`, { set: "outliers", column, deviations });
});

const listed: Translate = ofColumn((_column, given) =>
  values(given).length === 0 ? undefined : { becomes: "values", values: values(given) },
);

const unlisted: Translate = ofColumn((_column, given) =>
  values(given).length === 0 ? undefined : checked({ check: "notOneOf", values: values(given) } satisfies ColumnCheck),
);

const nothing: Translation = { becomes: "nothing" };

/** By the name of the test without its package. */
const expectations: Readonly<Record<string, Translate>> = {
  expect_column_to_exist: () => nothing,
  expect_column_values_to_be_of_type: ofColumn((_column, given) =>
    fromSqlType(textOf(given["column_type"]) ?? "") === undefined ? undefined : nothing,
  ),
  expect_column_values_to_not_be_null: ofColumn(() => ({ becomes: "required" })),
  expect_column_values_to_be_unique: ofColumn((column) =>
    set(`${column}_unique`, { set: "unique", columns: [column], keep: "first" }),
  ),
  expect_column_values_to_be_in_set: listed,
  expect_column_values_to_not_be_in_set: unlisted,
  expect_column_values_to_match_regex: pattern("pattern"),
  expect_column_values_to_not_match_regex: pattern("notPattern"),
  expect_column_values_to_match_like_pattern: like("like"),
  expect_column_values_to_not_match_like_pattern: like("notLike"),
  expect_column_value_lengths_to_be_between: lengthBetween,
  expect_column_value_lengths_to_equal: lengthEqual,
  expect_column_values_to_be_increasing: ofColumn((column, given) =>
    given["strictly"] === false ? undefined : set(`${column}_increasing`, { set: "increasing", column, by: [] }),
  ),
  expect_column_values_to_be_within_n_stdevs: outliers,
  expect_column_mean_to_be_between: aggregate("mean"),
  expect_column_median_to_be_between: aggregate("median"),
  expect_column_sum_to_be_between: aggregate("sum"),
  expect_column_min_to_be_between: aggregate("min"),
  expect_column_max_to_be_between: aggregate("max"),
  expect_column_stdev_to_be_between: aggregate("stddev"),
  expect_column_quantile_values_to_be_between: quantile,
  expect_column_distinct_count_to_equal: distinctCount("value", "value"),
  expect_column_unique_value_count_to_be_between: distinctCount("min_value", "max_value"),
  expect_column_proportion_of_unique_values_to_be_between: aggregate("uniqueShare"),
  expect_compound_columns_to_be_unique: compound,
  expect_table_row_count_to_be_between: rowCount("min_value", "max_value"),
  expect_table_row_count_to_equal: rowCount("value", "value"),
  expect_table_row_count_to_equal_other_table: sameCount,
  expect_column_pair_values_A_to_be_greater_than_B: pair((given) => (given["or_equal"] === true ? ">=" : ">"), "above"),
  expect_column_pair_values_to_be_equal: pair(() => "=", "equals"),
  expect_row_values_to_have_recent_data: recent,
  expression_is_true: expression,
};

/** `dbt_expectations.<name>`. */
export const expectationTests: Readonly<Record<string, Translate>> = Object.fromEntries(
  Object.entries(expectations).map(([name, translate]) => [`dbt_expectations.${name}`, translate]),
);

/** Tests that bound a column's values from both sides: by kind, the names of their bounds. */
export function boundsOf(
  kind: string,
  given: Fields,
): { readonly min: unknown; readonly max: unknown; readonly exclusive: boolean } | undefined {
  if (kind === "dbt_utils.accepted_range")
    return { min: given["min_value"], max: given["max_value"], exclusive: given["inclusive"] === false };
  if (kind === "dbt_expectations.expect_column_values_to_be_between")
    return { min: given["min_value"], max: given["max_value"], exclusive: given["strictly"] === true };
  return undefined;
}
