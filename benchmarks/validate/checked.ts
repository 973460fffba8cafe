// The contract of the suites quality and validate, over the sample of the load suite.
import { check, contract, rule, t, type ContractDefinition, type SetRuleDefinition } from "@millrace/core";

export const kinds = ["weekly", "flash", "daily", "season"] as const;

const columns = {
  id: t.int64().min(1),
  sku: t.string().pattern(/^SKU-[0-9]{6}$/),
  price: t.decimal(12, 2).min(0).max(100_000),
  qty: t.int32().min(1).max(1000),
  day: t.date().min("2020-01-01").max("2099-12-31"),
  ts: t.timestamp().min("2020-01-01T00:00:00Z"),
  kind: t.enum(...kinds),
  uid: t.uuid(),
  active: t.bool(),
  score: t.float().min(0).max(1),
  email: t.string().email().length({ max: 80 }).notPattern(/[<>]/),
  note: t.string().optional().length({ max: 100 }).notBlank(),
};

const rules = [
  rule("worth_something", check.compare(check.product("qty", "price"), "<", check.value(10_000_000))),
  rule("total", check.compare(check.sum("price", "qty"), ">=", check.value(1))),
  rule("id_above_qty", check.compare(check.sum("id", check.value(2000)), ">", "qty")),
  rule("flash_is_cheap", check.when(check.oneOf("kind", "flash"), check.compare("price", "<", check.value(20_000)))),
] as const;

const sets: readonly SetRuleDefinition<keyof typeof columns>[] = [
  rule("one_id", check.unique("id")),
  rule("not_empty", check.rowCount({ min: 1 })),
  rule("mostly_noted", check.aggregate("nullShare", "note", { max: 0.5 })),
];

/** Twelve columns, twenty rules of a row. */
export const Checked: ContractDefinition = contract("checked", columns, rules);

/** The same with three rules over several rows. */
export const CheckedSets: ContractDefinition = contract("checked", columns, [...rules, ...sets]);
