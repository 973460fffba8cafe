// dbt property files: data tests become rules, each kind in the ways in which it may be written; what has no rule is told with its line.
import { expect, test } from "vitest";
import { writeContracts } from "../authoring/write-contract.ts";
import { readLocated } from "../document/located.ts";
import { Losses } from "../document/loss.ts";
import { importDbt } from "./import-dbt.ts";

async function read(text: string): Promise<{ readonly written: string; readonly losses: readonly string[] }> {
  const losses = new Losses();
  const contracts = importDbt(readLocated(text, "schema.yml"), losses.report);
  return {
    written: await writeContracts({ contracts, title: "From dbt." }),
    losses: losses.list.map(({ of, what, line }) => `${line} ${of}: ${what}`),
  };
}

test("models and sources with the tests of dbt and dbt_utils", async () => {
  const { written, losses } = await read(`
version: 2
models:
  - name: orders
    description: One row per order.
    data_tests:
      - dbt_utils.unique_combination_of_columns:
          arguments: {combination_of_columns: [customer_id, placed_at]}
      - dbt_utils.expression_is_true:
          name: paid_in_full
          expression: "paid <= total"
          config: {severity: warn}
      - dbt_utils.recency: {datepart: day, field: placed_at, interval: 1}
      - dbt_utils.equal_rowcount: {compare_model: ref('raw_orders')}
      - dbt_utils.mutually_exclusive_ranges: {lower_bound_column: placed_at, upper_bound_column: ended_at, partition_by: customer_id}
      - my_own_test
    columns:
      - {name: order_id, data_type: bigint, constraints: [{type: primary_key}], tests: [unique, not_null]}
      - name: customer_id
        data_type: int
        tests:
          - not_null
          - relationships: {to: ref('customers'), field: id}
      - name: status
        data_type: varchar(20)
        tests:
          - accepted_values: {values: [placed, shipped]}
      - name: total
        data_type: numeric(12, 2)
        tests:
          - dbt_utils.accepted_range: {min_value: 0, inclusive: false, config: {severity: warn}}
          - dbt_utils.not_null_proportion: {at_least: 0.95}
      - {name: paid, data_type: "numeric(12, 2)", tests: [{dbt_utils.expression_is_true: {expression: ">= 0"}}]}
      - {name: placed_at, data_type: timestamp}
      - {name: ended_at, data_type: timestamp, tests: [{not_null: {where: "status = 'shipped'"}}]}
      - {name: Note, description: Free text., meta: {contains_pii: true}, tests: [dbt_utils.not_empty_string]}
sources:
  - name: raw
    tables:
      - {name: payments, columns: [{name: id, data_type: uuid, tests: [{relationships: {to: "source('raw', 'bills')", field: id, severity: warn}}]}]}
      - {name: bare}
`);
  expect(written).toMatchInlineSnapshot(`
    "// From dbt.
    import { check, contract, rule, sql, t } from "millrace";

    export const Orders = contract(
      "orders",
      {
        order_id: t.int64().key(),
        customer_id: t.int32().references("customers.id"),
        status: t.enum("placed", "shipped").optional(),
        total: t
          .decimal(12, 2)
          .optional()
          .min(0, { exclusive: true, severity: "warn" }),
        paid: t.decimal(12, 2).optional(),
        placed_at: t.timestamp().optional(),
        ended_at: t.timestamp().optional(),
        Note: t.string().optional().notBlank().pii().describe("Free text."),
      },
      [
        rule("paid_expression", sql\`paid >= 0\`),
        rule("paid_in_full", sql\`paid <= total\`, { severity: "warn" }),
        rule("order_id_unique", check.unique("order_id")),
        rule(
          "total_missing",
          check.aggregate("nullShare", "total", { max: 0.05, scope: "table" }),
        ),
        rule(
          "unique_customer_id_placed_at",
          check.unique("customer_id", "placed_at"),
        ),
        rule(
          "placed_at_recent",
          check.freshness("placed_at", { withinMinutes: 1440, scope: "table" }),
        ),
        rule("same_count", check.sameCount("raw_orders")),
        rule(
          "placed_at_no_overlap",
          check.noOverlap("placed_at", "ended_at", { by: ["customer_id"] }),
        ),
      ],
      { description: "One row per order." },
    );

    export const Payments = contract(
      "payments",
      {
        id: t.uuid().optional(),
      },
      [rule("id_exists", check.exists("id", "raw.bills.id"), { severity: "warn" })],
    );
    "
  `);
  expect(losses).toMatchInlineSnapshot(`
    [
      "35 orders.ended_at: the test not_null is left out: it looks at some rows only (status = 'shipped')",
      "7 orders: the test my_own_test is left out: a contract has no rule of this kind",
      "36 orders.Note: it has no data_type; text is taken",
      "41 bare: it describes no columns, so it becomes no contract",
    ]
  `);
});

test("the tests of dbt_expectations", async () => {
  const { written, losses } = await read(`
models:
  - name: readings
    tests:
      - dbt_expectations.expect_table_row_count_to_be_between: {min_value: 1, max_value: 100}
      - dbt_expectations.expect_compound_columns_to_be_unique: {column_list: [sensor, at]}
      - dbt_expectations.expect_column_pair_values_A_to_be_greater_than_B: {column_A: high, column_B: low, or_equal: true}
      - dbt_expectations.expect_table_columns_to_match_set: {column_list: [a]}
    columns:
      - name: sensor
        data_type: text
        tests:
          - dbt_expectations.expect_column_values_to_match_regex: {regex: "^s-", flags: i}
          - dbt_expectations.expect_column_value_lengths_to_be_between: {min_value: 3, max_value: 10}
          - dbt_expectations.expect_column_values_to_not_be_in_set: {value_set: [s-0, s-1]}
          - dbt_expectations.expect_column_values_to_not_match_like_pattern: {like_pattern: "%test%"}
          - dbt_expectations.expect_column_distinct_count_to_equal: {value: 4, group_by: [at]}
      - {name: at, data_type: timestamptz, tests: [{dbt_expectations.expect_row_values_to_have_recent_data: {datepart: hour, interval: 3}}]}
      - name: low
        tests:
          - dbt_expectations.expect_column_values_to_be_between: {min_value: -40, max_value: 80, row_condition: "sensor = 'x'"}
          - dbt_expectations.expect_column_values_to_be_between: {min_value: -40.5}
      - name: high
        data_type: double
        tests:
          - dbt_expectations.expect_column_mean_to_be_between: {min_value: 5, max_value: 9.5}
          - dbt_expectations.expect_column_quantile_values_to_be_between: {quantile: 0.95, max_value: 60}
          - dbt_expectations.expect_column_values_to_be_within_n_stdevs: {sigma_threshold: 6}
          - dbt_expectations.expect_column_max_to_be_between: {max_value: "{{ var('top') }}"}
`);
  expect(written).toMatchInlineSnapshot(`
    "// From dbt.
    import { check, contract, rule, sql, t } from "millrace";

    export const Readings = contract(
      "readings",
      {
        sensor: t
          .string()
          .optional()
          .pattern("(?i)^s-")
          .length({ min: 3, max: 10 })
          .notOneOf("s-0", "s-1")
          .notLike("%test%"),
        at: t.timestamp().optional(),
        low: t.decimal(38, 9).optional().min(-40.5),
        high: t.float().optional(),
      },
      [
        rule("high_above_low", sql\`high >= low\`),
        rule(
          "at_recent",
          check.freshness("at", { withinMinutes: 180, scope: "table" }),
        ),
        rule(
          "high_mean",
          check.aggregate("mean", "high", { min: 5, max: 9.5, scope: "table" }),
        ),
        rule(
          "high_quantile",
          check.quantile(0.95, "high", { max: 60, scope: "table" }),
        ),
        rule("high_outliers", check.outliers("high", { deviations: 6 })),
        rule("row_count", check.rowCount({ min: 1, max: 100, scope: "table" })),
        rule("unique_sensor_at", check.unique("sensor", "at")),
      ],
    );
    "
  `);
  expect(losses).toMatchInlineSnapshot(`
    [
      "17 readings.sensor: the test dbt_expectations.expect_column_distinct_count_to_equal is left out: it looks at groups of rows",
      "21 readings.low: the test dbt_expectations.expect_column_values_to_be_between is left out: it looks at some rows only (sensor = 'x')",
      "29 readings.high: the test dbt_expectations.expect_column_max_to_be_between is left out: its max_value is a template",
      "8 readings: the test dbt_expectations.expect_table_columns_to_match_set is left out: a contract has no rule of this kind",
      "19 readings.low: it has no data_type; decimal(38,9), for its range, is taken",
    ]
  `);
});

test.each([
  ["- a\n", "schema.yml:1: a dbt property file is a mapping"],
  ["version: 2\n", "no models, sources, seeds or snapshots are described here"],
  ["models:\n  - name: a\n", "no table of the file describes its columns"],
  ["models:\n  - name: a\n    columns: [{data_type: int}]\n", "schema.yml:3: a column needs a name"],
])("a file that describes nothing is refused: %j", async (text, problem) => {
  await expect(read(text)).rejects.toThrow(problem);
});
