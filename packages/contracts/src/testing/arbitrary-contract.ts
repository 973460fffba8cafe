// Contracts of every kind of column, check and rule, for property tests of what is written and read back.
import {
  check,
  clean,
  contract,
  rule,
  setChecks,
  sql,
  t,
  type CleansingStep,
  type ContractDefinition,
  type Expression,
  type SetCheck,
  type SetRuleDefinition,
  type Severity,
} from "@millrace/core";
import fc from "fast-check";

type Builder = ReturnType<typeof t.string> | ReturnType<typeof t.int32> | ReturnType<typeof t.json>;

const severity = fc.constantFrom<Severity>("warn", "block");
const options = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.record({ severity, name: fc.constantFrom("tight", "usual", "agreed") }, { requiredKeys: [] }),
  },
);
const words = fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 });
const sentence = fc.string({ unit: "grapheme", maxLength: 30 });

const steps: fc.Arbitrary<CleansingStep> = fc.oneof(
  fc.constantFrom(clean.trim(), clean.lower(), clean.upper(), clean.collapse(), clean.country(), clean.phone("41")),
  fc.constantFrom(
    clean.date("DD.MM.YYYY"),
    clean.date("M/D/YYYY H:mm", "YYYYMMDD"),
    clean.number({ decimal: ",", group: "." }),
  ),
  words.map((list) => clean.nullIf(...list)),
  words.map((list) => clean.map(Object.fromEntries(list.map((word) => [word, "x"])), { others: "missing" })),
  sentence.map((text) => clean.default(text)),
);

type TextChange = (column: ReturnType<typeof t.string>) => ReturnType<typeof t.string>;
const textChecks: fc.Arbitrary<TextChange> = fc.oneof(
  fc.tuple(fc.nat(9), fc.nat(9), options).map(
    ([min, more, o]): TextChange =>
      (c) =>
        c.length({ min, max: min + more, ...o }),
  ),
  options.map(
    (o): TextChange =>
      (c) =>
        c.notBlank(o),
  ),
  options.map(
    (o): TextChange =>
      (c) =>
        c.email(o),
  ),
  options.map(
    (o): TextChange =>
      (c) =>
        c.url(o),
  ),
  options.map(
    (o): TextChange =>
      (c) =>
        c.uuidText(o),
  ),
  options.map(
    (o): TextChange =>
      (c) =>
        c.casing("upper", o),
  ),
  options.map(
    (o): TextChange =>
      (c) =>
        c.like("a%_\\%", o),
  ),
  fc.tuple(fc.constantFrom("^a+$", '[/"`]', "(?i)x", "\\d{2}\\.\\d", "ü€"), options).map(
    ([pattern, o]): TextChange =>
      (c) =>
        c.pattern(pattern, o),
  ),
  fc.tuple(words, fc.constantFrom("none", "warn")).map(
    ([list, kind]): TextChange =>
      (c) =>
        kind === "warn"
          ? c
              .oneOf(...list)
              .severity("warn")
              .named("listed")
          : c.oneOf(...list),
  ),
  words.map(
    (list): TextChange =>
      (c) =>
        c.notOneOf(...list),
  ),
);

const text: fc.Arbitrary<Builder> = fc
  .tuple(fc.array(textChecks, { maxLength: 3 }), fc.array(steps, { maxLength: 2 }))
  .map(([changes, cleansing]) => {
    const start = cleansing.length === 0 ? t.string() : t.string().clean(...cleansing);
    return changes.reduce((column, change) => change(column), start);
  });

const bounds = fc.constantFrom("0", "-5", "0.10", "12.5", "99999999999999999.5");
const numeric: fc.Arbitrary<Builder> = fc
  .tuple(fc.constantFrom(t.int32(), t.int64(), t.decimal(20, 3), t.float()), bounds, fc.boolean(), options)
  .map(([column, value, exclusive, o]) => {
    const whole = column.facts.type.kind.startsWith("int") ? (value.split(".")[0] ?? "0") : value;
    const given = { ...(exclusive ? { exclusive } : {}), ...o };
    return (column as ReturnType<typeof t.int32>).min(column.facts.type.kind === "int32" ? "-7" : whole, given);
  });

const moments: fc.Arbitrary<Builder> = fc.constantFrom<Builder>(
  t.date().min("2020-01-01"),
  t.date().clean(clean.date("DD.MM.YYYY")).max("2100-01-01"),
  t.timestamp().max("2030-01-01T00:00:00Z", { exclusive: true }),
  t.timestamp({ zone: "Europe/Zurich" }),
  t.timestamp().notFuture({ severity: "warn" }),
  t.time().min("08:00:00"),
);

const plain: fc.Arbitrary<Builder> = fc.constantFrom<Builder>(
  t.bool() as unknown as Builder,
  t.uuid(),
  t.json(),
  t.bytes() as unknown as Builder,
  t.enum("new", "used", 'a "b"'),
  t.list(t.decimal(9, 2)) as unknown as Builder,
  t.struct({
    a: t.int32(),
    "odd name": t.list(t.timestamp()),
    deep: t.struct({ b: t.string() }),
  }) as unknown as Builder,
);

const column: fc.Arbitrary<Builder> = fc
  .tuple(
    fc.oneof(text, numeric, moments, plain),
    fc.record(
      {
        source: fc.constantFrom("Odd Name", "x.y", "ümlaut"),
        pii: fc.boolean(),
        describe: sentence,
        optional: fc.boolean(),
        parent: fc.constantFrom("shops.id", "geo.shops.id"),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([start, facts]) => {
    let built = start as ReturnType<typeof t.string>;
    if (facts.source !== undefined) built = built.from(facts.source);
    if (facts.pii === true) built = built.pii();
    if (facts.describe !== undefined) built = built.describe(facts.describe);
    if (facts.parent !== undefined) built = built.references(facts.parent);
    return facts.optional === true ? (built.optional() as unknown as Builder) : built;
  });

const conditions = fc.constantFrom<Expression>(
  check.compare("id", ">", check.value(18)),
  check.compare(check.sum("id", check.value("0.10"), "id"), "<=", check.product("id", check.value(2))),
  check.when(check.compare("id", "=", check.value(1)), check.present("name")),
  check.any(check.present("name"), check.missing("name")),
  check.not(check.all(check.matches("name", /^a/), check.oneOf("name", "x", "1"))),
  check.compare(check.length("name"), "<", check.difference("id", check.value(3))),
  { op: "like", of: { op: "column", column: "name" }, pattern: "a%" },
);

const sets = fc.constantFrom<SetCheck>(
  check.unique("id", "name"),
  check.unique("name"),
  check.uniqueLast("name"),
  check.exists("id", "geo.shops.id"),
  check.exists("id", "shops.id", { when: check.present("name") }),
  check.sequence("id", { by: ["name"], step: 5 }),
  check.outliers("id"),
  check.rowCount({ min: 1 }),
  check.rowCount({ min: 1, max: 9, scope: "table" }),
  check.rowCount({ max: 9, scope: "table" }),
  check.aggregate("nullShare", "name", { max: 0.25, scope: "table" }),
  check.aggregate("nullShare", "name", { max: 0.12345678901234568, scope: "table" }),
  check.aggregate("mean", "id", { min: 0.5 }),
  check.quantile(0.95, "id", { max: 10 }),
  check.freshness("seen", { withinMinutes: 90 }),
  check.noGaps("seen", { per: "day", scope: "table" }),
  check.sameCount("audit.rows", { difference: 2 }),
  check.sameRows("audit.rows", ["id"]),
  check.drift("name", { max: 0.2, method: "kl" }),
  check.fewerRows("audit.rows"),
  check.anomaly("meanLength", "name", { season: "weekday", tail: 0.01 }),
  check.volume({ per: "day", direction: "down", deviations: 4 }),
  check.volume({ by: "name", first: "fail" }),
  check.arrival({ windowDays: 30 }),
);

const described = fc.record(
  { description: fc.string({ minLength: 1, maxLength: 20 }), severity: fc.constantFrom<Severity>("warn", "block") },
  { requiredKeys: [] },
);

/** A contract that validates. */
export const arbitraryContract: fc.Arbitrary<ContractDefinition> = fc
  .record({
    columns: fc.array(column, { maxLength: 5 }),
    rules: fc.array(
      fc.tuple(fc.oneof(conditions, fc.constant(sql`id > 0 AND (name <> ${"it's"} OR true)`)), described),
      { maxLength: 3 },
    ),
    sets: fc.array(fc.tuple(sets, described), { maxLength: 3 }),
    facts: fc.record({ description: sentence }, { requiredKeys: [] }),
    keyed: fc.boolean(),
  })
  .map(({ columns, rules, sets: setRules, facts, keyed }) => build(columns, rules, setRules, { ...facts, keyed }))
  .filter((one) => one !== undefined);

function build(
  columns: readonly Builder[],
  rules: readonly (readonly [Expression | { readonly sql: string }, object])[],
  setRules: readonly (readonly [SetCheck, object])[],
  { keyed, ...facts }: { readonly keyed: boolean; readonly description?: string },
): ContractDefinition | undefined {
  const declared = {
    id: keyed ? t.int64().key() : t.int64(),
    name: t.string().optional(),
    seen: t.timestamp().version(),
    ...Object.fromEntries(columns.map((one, at) => [`c${at}`, one])),
  };
  const all = [
    ...rules.map(([condition, given], at) => rule(`row_${at}`, condition as Expression<"id">, given)),
    ...setRules.map(([set, given], at) =>
      rule(set.set === "unique" && at === 0 ? "name_unique" : `set_${at}`, set as SetCheck<"id">, given),
    ),
  ];
  try {
    return contract("arbitrary", declared, all, facts);
  } catch {
    // Two checks of one kind on a column, or a severity that the kind does not take.
    return undefined;
  }
}

/**
 * The same contract where only spelling may differ: order of checks within a column and of rules over several rows, neither of which a row can notice,
 * and where it was written.
 */
export function comparable({ location: _location, ...contractFacts }: ContractDefinition): unknown {
  return {
    ...contractFacts,
    columns: contractFacts.columns.map((one) => ({ ...one, checks: sorted(one.checks) })),
    ...(contractFacts.sets === undefined ? {} : { sets: sorted(contractFacts.sets.map(withoutUsual)) }),
  };
}

/** A severity that the kind has anyway need not be said. */
function withoutUsual({ severity, ...rest }: SetRuleDefinition): SetRuleDefinition {
  return severity === undefined || severity === setChecks[rest.set.set].severity ? rest : { ...rest, severity };
}

function sorted<T>(list: readonly T[]): readonly T[] {
  return list.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
