// Cleansing happens before the rules and means the same on both sides; quarantine keeps what came.
import { clean, contract, t, type CleansingStep, type ContractDefinition } from "@millrace/core";
import { compileValidator } from "@millrace/quality";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openVerdictStage, type VerdictStage } from "./verdict-stage.ts";

const rowsPerCase = Number(process.env["MILLRACE_VERDICT_ROWS"] ?? 1500);
let stage: VerdictStage;
let tables = 0;

beforeAll(async () => {
  stage = await openVerdictStage();
});

afterAll(() => stage.close());

const ways = { staged: 1, direct: 64 * 1024 * 1024 } as const;

function cleaned(...steps: readonly CleansingStep[]): ContractDefinition {
  tables += 1;
  return contract(`cleaned_${tables}`, {
    x: t
      .string()
      .optional()
      .clean(...steps),
  });
}

test.each<[string, ContractDefinition, readonly unknown[], readonly unknown[]]>([
  [
    "trim, collapse, case",
    cleaned(clean.trim(), clean.collapse(), clean.upper()),
    ["  a \u00a0\tb ", "straße ", null, 5],
    ["A B", "STRAẞE", null, "5"],
  ],
  [
    "null tokens",
    cleaned(clean.trim(), clean.nullIf("N/A", "-", "")),
    ["N/A", " - ", "", "n/a", "x"],
    [null, null, null, "n/a", "x"],
  ],
  [
    "numbers",
    cleaned(clean.number({ decimal: ",", group: "." })),
    ["1.234,50", "-12,5", "1.2.3", "1234", "1,234.5", "+1.234.567"],
    ["1234.50", "-12.5", "1.2.3", "1234", "1,234.5", "+1234567"],
  ],
  [
    "dates",
    cleaned(clean.date("DD.MM.YYYY", "M/D/YYYY H:mm")),
    ["31.12.2025", "1/2/2026 9:05", "2026-01-02", "1.2.2026"],
    ["2025-12-31", "2026-01-02T09:05:00", "2026-01-02", "1.2.2026"],
  ],
  [
    "phones",
    cleaned(clean.phone("41")),
    ["044 668 18 00", "+41 (0)44 668-18-00", "0041446681800", "ask me", "112"],
    ["+41446681800", "+41446681800", "+41446681800", "ask me", "112"],
  ],
  ["countries", cleaned(clean.country()), [" switzerland", "ch", "Germany", "Narnia"], ["CH", "CH", "DE", "NARNIA"]],
  ["currencies", cleaned(clean.currency()), ["€", " chf"], ["EUR", "CHF"]],
  [
    "map and default",
    cleaned(clean.map({ y: "yes", n: "no" }, { others: "missing" }), clean.default("unknown")),
    ["y", "n", "maybe", null],
    ["yes", "no", "unknown", "unknown"],
  ],
])("%s", async (_name, definition, values, expected) => {
  for (const bytes of Object.values(ways)) {
    await stage.judge(
      definition,
      values.map((x) => ({ x })),
      bytes,
    );
    const found = await stage.warehouse.query(
      `SELECT x FROM p.${definition.name} WHERE _batch = (SELECT max(_batch) FROM p.${definition.name}) ORDER BY _row`,
    );
    expect(found.rows.map(([x]) => x)).toEqual(expected);
  }
});

const Order = contract("orders", {
  id: t.int64().clean(clean.trim()),
  price: t
    .decimal(9, 2)
    .optional()
    .clean(clean.trim(), clean.nullIf("-"), clean.number({ decimal: ",", group: "'" }))
    .min(0),
  day: t.date().clean(clean.date("D.M.YYYY", "YYYY/MM/DD")).min("2020-01-01"),
  email: t.string().clean(clean.trim(), clean.lower()).email().casing("lower"),
  kind: t.enum("weekly", "flash").clean(clean.map({ W: "weekly", F: "flash" }), clean.default("weekly")),
  phone: t.string().optional().clean(clean.phone("49")).phone(),
  country: t.string().optional().clean(clean.country()).countryCode(),
});

const row = fc.record(
  {
    id: fc.oneof(fc.integer(), fc.stringMatching(/^ ?[0-9]{1,3} ?$/)),
    price: fc.oneof(
      fc.stringMatching(/^-?[0-9]{1,3}('[0-9]{3})?(,[0-9]{1,3})?$/),
      fc.constantFrom(" - ", "1'2", "-", "12.5", 3),
    ),
    day: fc.oneof(
      fc.stringMatching(/^[0-3]?[0-9]\.[01]?[0-9]\.20[0-2][0-9]$/),
      fc.constantFrom("2026/01/02", "2026/13/02", "2026-01-02"),
    ),
    email: fc.oneof(fc.emailAddress(), fc.stringMatching(/^ ?[A-Za\u00c4\u0130@.]{0,8}\u00a0?$/)),
    kind: fc.constantFrom("W", "F", "weekly", "w", null),
    phone: fc.oneof(fc.stringMatching(/^[+0]?0?[0-9 ()./-]{3,12}$/), fc.constantFrom("none", "+49 (0)30 1234567")),
    country: fc.constantFrom("France", " germany ", "fr", "FRA", "", "Côte d’Ivoire"),
  },
  { requiredKeys: ["id", "day"] },
);

test.each(Object.entries(ways))(
  "%s: equal codes for every record",
  async (_way, bytes) => {
    const records = fc.sample(row, { numRuns: rowsPerCase, seed: bytes });
    const validator = compileValidator(Order);
    const { codes, counts } = await stage.judge(Order, records, bytes);
    const differing = records
      .map((record, at) => ({ record, early: validator.validate(record), loader: codes[at] ?? [] }))
      .filter((one) => JSON.stringify(one.early) !== JSON.stringify(one.loader));
    expect(differing.slice(0, 5)).toEqual([]);
    expect(counts.accepted).toBeGreaterThan(0n);
    expect(counts.quarantined).toBeGreaterThan(0n);
  },
  600_000,
);

test("a row in quarantine keeps the text that came", async () => {
  await stage.judge(Order, [{ id: " 7 ", day: "31.2.2026", email: " A@B.ch " }], 1);
  const found = await stage.warehouse.query(
    "SELECT original, reasons FROM millrace.quarantine WHERE table_name = 'orders' ORDER BY batch DESC LIMIT 1",
  );
  expect(JSON.parse(found.rows[0]?.[0] as string)).toMatchObject({ id: " 7 ", day: "31.2.2026", email: " A@B.ch " });
  expect(found.rows[0]?.[1]).toEqual(["day: 2026-02-31 is no date"]);
});

test.each([
  [() => t.date().clean(clean.date("DD.MM")), 'date format "DD.MM" needs YYYY'],
  [() => t.date().clean(clean.date()), "date() needs at least one format"],
  [() => t.string().clean(clean.nullIf()), "nullIf() needs at least one text"],
  [() => t.json().clean(clean.trim()), "is read as JSON"],
  [() => t.string().clean(clean.phone("0")), "is no calling code"],
  [() => t.decimal(9, 2).clean(clean.number({ decimal: ",", group: "," })), "needs one character for decimals"],
])("a step that makes no sense is refused: %#", (column, problem) => {
  expect(() => contract("c", { x: column() })).toThrow(problem);
});
