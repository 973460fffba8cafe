// Reads the tests of a project, `domains/<domain>/tests/*.yaml` (or .json), into data. Every mistake is told with file and line.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MillraceError, type ProjectDefinition } from "@millrace/core";
import type { RowTest, TestRow } from "@millrace/runtime";
import { isMap, isSeq, LineCounter, parseDocument, type Node } from "yaml";

const FILE_BYTES_MAX = 4 * 1024 * 1024;

/** In the order of domains, files and their lines. @throws MillraceError request-invalid */
export function readRowTests(project: ProjectDefinition): readonly RowTest[] {
  return project.domains.flatMap(({ name, folder }) => {
    const tests = join(folder, "tests");
    if (!existsSync(tests)) return [];
    const files = readdirSync(tests).filter((file) => /\.(ya?ml|json)$/.test(file));
    return files.sort().flatMap((file) => readFile(name, join(tests, file)));
  });
}

interface Place {
  readonly domain: string;
  readonly file: string;
  readonly line: number;
}

function readFile(domain: string, file: string): readonly RowTest[] {
  const text = readFileSync(file, "utf8");
  if (text.length > FILE_BYTES_MAX) throw wrong({ domain, file, line: 1 }, `is larger than ${FILE_BYTES_MAX} bytes`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true, intAsBigInt: false });
  const [problem] = document.errors;
  if (problem !== undefined)
    throw wrong({ domain, file, line: lines.linePos(problem.pos[0]).line }, problem.message.split("\n")[0] ?? "");
  const { contents } = document;
  const nodes = isSeq<Node>(contents) ? contents.items : isMap(contents) ? [contents] : [];
  if (nodes.length === 0) throw wrong({ domain, file, line: 1 }, "a list of tests is expected");
  return nodes.map((node) =>
    toTest({ domain, file, line: lines.linePos(node.range?.[0] ?? 0).line }, node.toJS(document) as unknown),
  );
}

function toTest(place: Place, value: unknown): RowTest {
  const fields = object(place, "a test", value);
  const { contract, model } = fields;
  if ((typeof contract === "string") === (typeof model === "string"))
    throw wrong(place, "a test names either a contract or a model");
  const subject = typeof contract === "string" ? contract : String(model);
  const name = typeof fields["name"] === "string" ? fields["name"] : subject;
  const known = ["name", "contract", "model", "tables", "given", "expect"];
  refuseUnknown(place, fields, known);
  const tables = Object.fromEntries(
    Object.entries(object(place, "tables", fields["tables"] ?? {})).map(([table, rows]) => [
      table.includes(".") ? table : `${place.domain}.${table}`,
      rowsOf(place, `tables.${table}`, rows),
    ]),
  );
  const common = { ...place, name, tables };
  if (typeof contract !== "string") return modelTest(common, subject, fields);
  const given = rowsOf(place, "given", fields["given"]);
  return { ...common, kind: "contract", contract, given, expect: verdictOf(place, fields["expect"], given.length) };
}

function modelTest(
  common: Place & Pick<RowTest, "name" | "tables">,
  model: string,
  fields: Readonly<Record<string, unknown>>,
): RowTest {
  if (fields["given"] !== undefined)
    throw wrong(common, "a test of a model has its mock rows in tables, by table; given is for contracts");
  const { expect } = fields;
  if (Array.isArray(expect))
    return { ...common, kind: "model", model, expect: { rows: rowsOf(common, "expect", expect), ordered: false } };
  const wanted = object(common, "expect", expect);
  refuseUnknown(common, wanted, ["rows", "ordered"]);
  const rows = rowsOf(common, "expect.rows", wanted["rows"]);
  const ordered = wanted["ordered"] ?? false;
  if (typeof ordered !== "boolean") throw wrong(common, "expect.ordered is neither true nor false");
  return { ...common, kind: "model", model, expect: { rows, ordered } };
}

type Verdict = Extract<RowTest, { kind: "contract" }>["expect"];

function verdictOf(place: Place, value: unknown, rows: number): Verdict {
  const fields = object(place, "expect", value ?? {});
  refuseUnknown(place, fields, ["rejected", "held", "accepted", "error"]);
  const rejected: Record<string, readonly string[]> = {};
  for (const [row, codes] of Object.entries(object(place, "expect.rejected", fields["rejected"] ?? {}))) {
    if (!Array.isArray(codes) || !codes.every((code) => typeof code === "string"))
      throw wrong(place, `expect.rejected.${row} is a list of codes`);
    rejected[requireRow(place, row, rows)] = codes;
  }
  const held = fields["held"] ?? [];
  if (!Array.isArray(held)) throw wrong(place, "expect.held is a list of row numbers");
  const { accepted, error } = fields;
  if (error !== undefined && typeof error !== "string") throw wrong(place, "expect.error is the code of an error");
  return {
    rejected,
    held: held.map((row) => Number(requireRow(place, String(row), rows))),
    ...(accepted === undefined ? {} : { accepted: rowsOf(place, "expect.accepted", accepted) }),
    ...(error === undefined ? {} : { error }),
  };
}

function requireRow(place: Place, row: string, rows: number): string {
  if (/^[1-9]\d*$/.test(row) && Number(row) <= rows) return row;
  throw wrong(place, `row ${row} is none of the ${rows} given rows`);
}

function rowsOf(place: Place, what: string, value: unknown): readonly TestRow[] {
  if (!Array.isArray(value)) throw wrong(place, `${what} is a list of rows`);
  return value.map((row, at) => object(place, `row ${at + 1} of ${what}`, row));
}

function object(place: Place, what: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw wrong(place, `${what} is missing or no mapping`);
}

function refuseUnknown(place: Place, fields: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw wrong(place, `${JSON.stringify(unknown)} is not known here; known: ${known.join(", ")}`);
}

function wrong({ file, line }: Place, problem: string): MillraceError {
  return new MillraceError("request-invalid", `${file}:${line}: ${problem}.`, {
    hint: "See docs/guides/tests.md for how tests are written.",
    details: { file, line },
  });
}
