// Contracts of every type and kind of rule, each with records that try its edges: what the property of one verdict runs over.
import { check, contract, rule, t, type ContractDefinition } from "@millrace/core";
import fc from "fast-check";

/** Text without NUL and lone surrogates, which no JSON text of the loader holds. */
const anyText = fc
  .string({ unit: "binary", maxLength: 10 })
  .filter((text) => !text.includes("\0") && text.isWellFormed());
const digits = fc.stringMatching(/^[+-]?\d{1,20}(\.\d{0,4})?$/);
const clock = fc.stringMatching(/^(2[0-9]|[01][0-9]):[0-6][0-9](:[0-6][0-9](\.\d{0,7})?)?$/);
const day = fc.stringMatching(/^(19|20|00)\d\d-[01]\d-[0-3]\d$/);
const instant = fc
  .tuple(day, fc.constantFrom("T", " ", "t"), clock, fc.constantFrom("", "Z", "+02", "-0130", "+05:30", "+16:00", "z"))
  .map((parts) => parts.join(""));
/** Any spelling that JSON allows of a number. */
const spelledNumber = fc
  .oneof(
    fc.stringMatching(/^-?(0|[1-9]\d{0,20})(\.\d{1,8})?([eE][+-]?\d{1,3})?$/),
    fc.constantFrom("1.0", "1e3", "-0", "0.00000010", "9223372036854775807", "99999.490", "1E+2", "-0.0"),
  )
  .map((text) => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text));
const scalar = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  spelledNumber,
  fc.constant(null),
);
const hexText = fc.stringMatching(/^[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-fA-F]{11,12}$/);

export const cases: readonly (readonly [string, ContractDefinition, fc.Arbitrary<object>])[] = [
  [
    "int32",
    contract("int32s", { x: t.int32().min(-5).max(2_000_000_000) }),
    one(fc.oneof(digits, scalar, fc.constantFrom("2147483648", "-2147483648", "+0", "-", " 1"))),
  ],
  [
    "int64",
    contract("int64s", { x: t.int64().notOneOf(0, 7) }),
    one(fc.oneof(digits, scalar, fc.constantFrom("9223372036854775808", "-9223372036854775808", "007"))),
  ],
  [
    "decimal",
    contract("decimals", { x: t.decimal(7, 2).min("-3.005").max("99999.5", { exclusive: true }) }),
    one(fc.oneof(digits, scalar, fc.constantFrom(".5", "5.", "1e3", "99999.99"))),
  ],
  [
    "float",
    contract("floats", { x: t.float().min(0) }),
    one(fc.oneof(digits, scalar, fc.constantFrom("1e400", "1e3", ".5", "5.", "nan", "inf", "1_0", "0x1"))),
  ],
  [
    "bool",
    contract("bools", { x: t.bool() }),
    one(fc.oneof(scalar, fc.constantFrom("TRUE", "t", "yes", "y", "on", "No", "0", "2", ""))),
  ],
  [
    "bool in a list",
    contract("flags", { x: t.bool().optional() }, [
      rule("yes", check.any(check.oneOf("x", "yes"), check.compare("x", "=", check.value(1)))),
    ]),
    one(fc.oneof(scalar, fc.constantFrom("TRUE", "t", "yes", "0"))),
  ],
  ["date", contract("dates", { x: t.date().min("1999-12-31") }), one(fc.oneof(day, instant, anyText))],
  [
    "timestamp",
    contract("instants", { x: t.timestamp().max("2040-01-01T00:00:00+01:00") }),
    one(fc.oneof(instant, day, anyText)),
  ],
  ["datetime", contract("datetimes", { x: t.datetime() }), one(fc.oneof(instant, day))],
  ["time", contract("times", { x: t.time().max("23:00") }), one(fc.oneof(clock, instant))],
  ["uuid", contract("uuids", { x: t.uuid() }), one(fc.oneof(hexText, anyText))],
  [
    "enum",
    contract("enums", { x: t.enum("a", "ä", "b'c") }),
    one(fc.oneof(fc.constantFrom("a", "A", "ä", "b'c", ""), anyText)),
  ],
  ["bytes", contract("bytes", { x: t.bytes() }), one(fc.oneof(fc.base64String({ maxLength: 12 }), anyText))],
  [
    "pattern",
    contract("patterns", { x: t.string().pattern("^[a-z.]*\\s?.\\S*$") }),
    one(fc.oneof(anyText, fc.stringMatching(/^[a-c. \n\u00a0]{0,6}$/))),
  ],
  [
    "pattern of a few characters",
    contract("classes", { x: t.string().pattern("[<'\u{1F600}]"), y: t.string().notPattern(/["$.]/) }),
    fc.record({
      x: fc.stringMatching(/^[<'a\u{1F600}\u{1F601}]{0,3}$/u),
      y: fc.oneof(anyText, fc.stringMatching(/^["$.b]{0,2}$/)),
    }),
  ],
  [
    "email",
    contract("emails", { x: t.string().email().optional() }),
    one(fc.oneof(anyText, fc.stringMatching(/^[a@. \t\u2028]{0,8}$/), fc.emailAddress(), fc.constant(null))),
  ],
  [
    "length",
    contract("lengths", { x: t.string().length({ min: 2, max: 4 }) }),
    one(fc.oneof(anyText, fc.stringMatching(/^[a\u{1F600}]{0,6}$/u))),
  ],
  [
    "oneOf",
    contract("choices", { x: t.string().oneOf("a", "", "ß") }),
    one(fc.oneof(anyText, fc.constantFrom("a", "", "ß", "ss"))),
  ],
  [
    "small decimal",
    contract("fractions", { x: t.decimal(12, 9).min("0.00001") }),
    one(
      fc.oneof(
        scalar,
        fc.double({ min: -1e-3, max: 1e-3, noNaN: true }).map((x) => Number(x.toPrecision(3))),
        fc.constantFrom(1e-9, 1e-10, 0.00001234, "1e-05", "1.25e-07", "1.25e-08"),
      ),
    ),
  ],
  [
    "spelling",
    contract("spellings", { x: t.string().notOneOf("1.0", "1", "0", "1e-05", "1e+16", "100.0", "0.0001") }),
    one(fc.oneof(spelledNumber, fc.constantFrom(1, 1e-5, 1e16, 1e-4, 100))),
  ],
  [
    "multiples",
    contract("multiples", { x: t.decimal(9, 3).multipleOf("0.05").optional(), y: t.int64().multipleOf(7).optional() }),
    record({ x: fc.oneof(digits, scalar), y: fc.oneof(digits, scalar) }),
  ],
  [
    "texts",
    contract("texts", {
      x: t.string().notBlank().casing("lower").notPattern(/[<>]/).optional(),
      y: t.string().like("a%_b\\%").notLike("%aa%").optional(),
    }),
    record({
      x: fc.oneof(anyText, fc.stringMatching(/^[ \u00a0\u2028a-cA-C\u0130\u00df\u1f80]{0,4}$/)),
      y: fc.oneof(anyText, fc.stringMatching(/^[ab%_]{0,9}$/), fc.constantFrom("axb%", "a😀b%", "aab%")),
    }),
  ],
  [
    "forms",
    contract("forms", {
      x: t.string().url().optional(),
      y: t.string().phone().optional(),
      z: t.string().ipv4().optional(),
      v: t.string().uuidText().countryCode({ severity: "warn" }).optional(),
      w: t.string().currencyCode().optional(),
    }),
    record({
      x: fc.oneof(fc.webUrl(), anyText, fc.stringMatching(/^https?:\/\/[a /?#]{0,4}$/)),
      y: fc.oneof(fc.stringMatching(/^[+]?[0-9]{5,17}$/), anyText),
      z: fc.oneof(fc.ipV4(), fc.stringMatching(/^[0-9]{1,3}(\.[0-9]{1,3}){2,4}$/)),
      v: fc.oneof(fc.uuid(), anyText),
      w: fc.oneof(fc.constantFrom("EUR", "eur", "CHF", "XXX", "ZZZ"), anyText),
    }),
  ],
  [
    "rules",
    contract(
      "ruled",
      {
        a: t.int32().optional(),
        b: t.int64().optional(),
        c: t.decimal(18, 4).optional(),
        d: t.float().optional(),
        e: t.date().optional(),
        f: t.date().optional(),
        g: t.string().optional(),
        h: t.string().optional(),
        i: t.bool().optional(),
      },
      [
        rule("order", check.compare("e", "<=", "f")),
        rule("text_order", check.compare("g", "<", "h")),
        rule("sum", check.compare(check.sum("a", "b", "c"), "<", check.value("1000.00001"))),
        rule("product", check.compare(check.product(check.product("a", "c"), check.value(3)), "<>", "c")),
        rule("difference", check.compare(check.difference("b", "c"), ">=", "a")),
        rule("floating", check.compare(check.product("d", check.value("0.1")), "<", "d")),
        rule("mixed", check.compare("a", "<=", "d")),
        rule("when", check.when(check.oneOf("i", true), check.present("g"))),
        rule("one", check.exactlyOne("a", "b", "c")),
        rule("some", check.atLeastOne("e", "f")),
        rule("none", check.allOrNone("g", "h")),
        rule("long", check.any(check.compare(check.length("g"), ">", check.value(2)), check.matches("h", /^[a-m]/))),
        rule("neither", check.not(check.all(check.missing("i"), check.compare("g", "=", "h")))),
      ],
    ),
    record({
      a: fc.oneof(fc.integer({ min: -50, max: 50 }), digits),
      b: fc.oneof(
        fc.integer({ min: -50, max: 2000 }),
        digits,
        fc.constantFrom("9223372036854775807", "-9223372036854775808"),
      ),
      c: fc.oneof(
        fc.integer({ min: -50, max: 50 }),
        digits,
        fc.constantFrom("99999999999999.9999", "-99999999999999.9999"),
      ),
      d: fc.oneof(fc.integer({ min: -50, max: 50 }), digits, fc.constantFrom("1e300", "-1e-300", "0.1")),
      e: day,
      f: day,
      g: fc.oneof(anyText, fc.constantFrom("a", "b", "\uffee", "😀", "abc")),
      h: fc.oneof(anyText, fc.constantFrom("a", "b", "\uffee", "😀", "abc")),
      i: fc.boolean(),
    }),
  ],
];

/** A record of one field. */
function one(values: fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  return values.map((x) => (x === undefined ? {} : { x }));
}

/** A record of which any field may be absent or null. */
function record(fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<object> {
  const optional = Object.entries(fields).map(([name, values]) => [name, fc.option(values, { freq: 6 })] as const);
  return fc.record(Object.fromEntries(optional), { requiredKeys: [] });
}
