// The verdict is one: whatever a record holds, the early answer of the ingress and the loader give it the same codes.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  contract,
  silentLogger,
  stringifyExact,
  systemClock,
  t,
  type ContractDefinition,
  type Warehouse,
} from "@millrace/core";
import { compileValidator, compileVerdict, readRecord } from "@millrace/quality";
import { openDuckDbWarehouse } from "@millrace/warehouse-duckdb";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

const rowsPerCase = 4000;
const folder = mkdtempSync(join(tmpdir(), "millrace-verdict-"));
let warehouse: Warehouse;
let batch = 0n;

beforeAll(async () => {
  mkdirSync(join(folder, "objects"));
  warehouse = await openDuckDbWarehouse({
    folder,
    memoryLimitBytes: 512 * 1024 * 1024,
    threads: 2,
    clock: systemClock,
    log: silentLogger,
  });
});

afterAll(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Small batches are staged, large ones go straight into their table; the size that is noted for the object decides. */
const ways = { staged: 1, direct: 64 * 1024 * 1024 } as const;

/** Loads the records and gives the codes of each, by position. */
async function loaderCodes(
  definition: ContractDefinition,
  records: readonly object[],
  bytes: number,
): Promise<(readonly string[])[]> {
  batch += 1n;
  const number = batch;
  const path = join(folder, "objects", `${number}.ndjson`);
  const text = records.map((record) => `${stringifyExact(record)}\n`).join("");
  writeFileSync(path, text);
  const ref = {
    key: `${number}`,
    codec: "none",
    sha256: "",
    bytes,
    storedBytes: bytes,
    formatVersion: 1,
  } as const;
  const local = { path, [Symbol.asyncDispose]: () => Promise.resolve() };
  await warehouse.write([`p.${definition.name}`], async (tx) => {
    await tx.ensureTable({ domain: "p", name: definition.name, columns: definition.columns, key: [] });
    return tx.load({
      batch: number,
      channel: "p.way",
      domain: "p",
      contract: definition,
      verdict: compileVerdict(definition, "p"),
      write: "append",
      source: { kind: "objects", objects: [{ ref, encoding: "none", local }], format: { kind: "ndjson" } },
      receivedSeq: 1n,
      replacesBatches: [],
      keepReplaced: false,
    });
  });
  const found = await warehouse.query("SELECT row_no, codes FROM millrace.quarantine WHERE batch = ?", [number]);
  const codes = records.map((): readonly string[] => []);
  for (const [row, list] of found.rows) codes[Number(row) - 1] = list as readonly string[];
  return codes;
}

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

const cases: readonly (readonly [string, ContractDefinition, fc.Arbitrary<unknown>])[] = [
  [
    "int32",
    contract("int32s", { x: t.int32().min(-5).max(2_000_000_000) }),
    fc.oneof(digits, scalar, fc.constantFrom("2147483648", "-2147483648", "+0", "-", " 1")),
  ],
  [
    "int64",
    contract("int64s", { x: t.int64().notOneOf(0, 7) }),
    fc.oneof(digits, scalar, fc.constantFrom("9223372036854775808", "-9223372036854775808", "007")),
  ],
  [
    "decimal",
    contract("decimals", { x: t.decimal(7, 2).min("-3.005").max("99999.5", { exclusive: true }) }),
    fc.oneof(digits, scalar, fc.constantFrom(".5", "5.", "1e3", "99999.99")),
  ],
  [
    "small decimal",
    contract("fractions", { x: t.decimal(12, 9).min("0.00001") }),
    fc.oneof(
      scalar,
      fc.double({ min: -1e-3, max: 1e-3, noNaN: true }).map((x) => Number(x.toPrecision(3))),
      fc.constantFrom(1e-9, 1e-10, 0.00001234, "1e-05", "1.25e-07", "1.25e-08"),
    ),
  ],
  [
    "float",
    contract("floats", { x: t.float().min(0) }),
    fc.oneof(digits, scalar, fc.constantFrom("1e400", "1e3", ".5", "5.", "nan", "inf", "1_0", "0x1")),
  ],
  [
    "bool",
    contract("bools", { x: t.bool() }),
    fc.oneof(scalar, fc.constantFrom("TRUE", "t", "yes", "y", "on", "No", "0", "2", "")),
  ],
  ["date", contract("dates", { x: t.date().min("1999-12-31") }), fc.oneof(day, instant, anyText)],
  [
    "timestamp",
    contract("instants", { x: t.timestamp().max("2040-01-01T00:00:00+01:00") }),
    fc.oneof(instant, day, anyText),
  ],
  ["datetime", contract("datetimes", { x: t.datetime() }), fc.oneof(instant, day)],
  ["time", contract("times", { x: t.time().max("23:00") }), fc.oneof(clock, instant)],
  ["uuid", contract("uuids", { x: t.uuid() }), fc.oneof(hexText, anyText)],
  [
    "enum",
    contract("enums", { x: t.enum("a", "ä", "b'c") }),
    fc.oneof(fc.constantFrom("a", "A", "ä", "b'c", ""), anyText),
  ],
  ["bytes", contract("bytes", { x: t.bytes() }), fc.oneof(fc.base64String({ maxLength: 12 }), anyText)],
  [
    "pattern",
    contract("patterns", { x: t.string().pattern("^[a-z.]*\\s?.\\S*$") }),
    fc.oneof(anyText, fc.stringMatching(/^[a-c. \n\u00a0]{0,6}$/)),
  ],
  [
    "email",
    contract("emails", { x: t.string().email().optional() }),
    fc.oneof(anyText, fc.stringMatching(/^[a@. \t\u2028]{0,8}$/), fc.emailAddress(), fc.constant(null)),
  ],
  [
    "length",
    contract("lengths", { x: t.string().length({ min: 2, max: 4 }) }),
    fc.oneof(anyText, fc.stringMatching(/^[a\u{1F600}]{0,6}$/u)),
  ],
  [
    "oneOf",
    contract("choices", { x: t.string().oneOf("a", "", "ß") }),
    fc.oneof(anyText, fc.constantFrom("a", "", "ß", "ss")),
  ],
  [
    "spelling",
    contract("spellings", { x: t.string().notOneOf("1.0", "1", "0", "1e-05", "1e+16", "100.0", "0.0001") }),
    fc.oneof(spelledNumber, fc.constantFrom(1, 1e-5, 1e16, 1e-4, 100)),
  ],
];

test.each(
  cases.flatMap(([name, ...rest]) => Object.entries(ways).map(([way, bytes]) => [name, way, bytes, ...rest] as const)),
)("%s, %s: equal codes for every record", async (_name, _way, bytes, definition, values) => {
  const records = fc.sample(values, rowsPerCase).map((x) => (x === undefined ? {} : { x }));
  const validator = compileValidator(definition);
  const loaded = await loaderCodes(definition, records, bytes);
  const differing = records
    .map((record, at) => ({
      record,
      early: validator.validate(readRecord(stringifyExact(record))),
      loader: loaded[at],
    }))
    .filter((row) => JSON.stringify(row.early) !== JSON.stringify(row.loader));
  expect(differing.slice(0, 5)).toEqual([]);
  const trusted = await warehouse.query(`SELECT count(*) FROM p.${definition.name} WHERE _batch = ?`, [batch]);
  expect(trusted.rows[0]?.[0]).toBe(BigInt(loaded.filter((codes) => codes.length === 0).length));
});

test("a pattern that only JavaScript knows is refused, with its place", () => {
  const definition = contract("c", { x: t.string().pattern(/^(?=a).*$/) });
  expect(() => compileVerdict(definition, "d")).toThrow(/verdict-equality\.test\.ts:\d+: contract "c": column "x"/);
});
