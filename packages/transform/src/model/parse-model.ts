// Splits a model file into front matter and statement, and reads the front matter. Every fault has its file and line.
import { didYouMean, MillraceError, type ModelSource } from "@millrace/core";
import { isMap, isScalar, LineCounter, parseDocument, type Document } from "yaml";
import type { CheckDeclaration, Materialization, ModelConfig, ParsedModel } from "./model.ts";
import { parseCheck, rejoinCalls } from "./parse-check.ts";

const opening = /^\s*\/\*\s*---[ \t]*\r?\n/;
const closing = /\r?\n\s*---\s*\*\//;
const fields = ["materialize", "key", "checks", "description"] as const;
const materializations: readonly Materialization[] = ["view", "table", "incremental"];

/** @throws MillraceError model-invalid */
export function parseModel(source: ModelSource): ParsedModel {
  const open = opening.exec(source.text);
  if (open === null)
    return { config: { materialize: "view", key: [], checks: [] }, sql: statement(source, source.text, 1), sqlLine: 1 };
  const body = source.text.slice(open[0].length);
  const close = closing.exec(`\n${body}`);
  if (close === null) throw modelError(source, 1, "the front matter that begins with /* --- has no end: --- */");
  const yaml = `\n${body}`.slice(1, close.index + 1);
  const rest = `\n${body}`.slice(close.index + close[0].length);
  const firstLine = open[0].split("\n").length;
  const sqlLine = source.text.slice(0, source.text.length - rest.length).split("\n").length;
  return { config: parseConfig(source, yaml, firstLine), sql: statement(source, rest, sqlLine), sqlLine };
}

function statement(source: ModelSource, text: string, line: number): string {
  const sql = text.replace(/;\s*$/, "");
  if (sql.trim() === "") throw modelError(source, line, "the model has no SELECT");
  return sql;
}

function parseConfig(source: ModelSource, yaml: string, firstLine: number): ModelConfig {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines });
  const lineAt = (offset: number | undefined): number => firstLine - 1 + lines.linePos(offset ?? 0).line;
  const fault = document.errors[0];
  if (fault !== undefined)
    throw modelError(
      source,
      lineAt(fault.pos[0]),
      `the front matter is no YAML: ${fault.message.split("\n")[0] ?? ""}`,
    );
  const lineOf = (field: string): number => lineAt(offsetOf(document, field));
  const raw: unknown = document.toJS() ?? {};
  if (typeof raw !== "object" || raw === null || Array.isArray(raw))
    throw modelError(source, firstLine, "the front matter must be a list of `name: value` lines");
  const values = raw as Record<string, unknown>;
  for (const name of Object.keys(values)) {
    if ((fields as readonly string[]).includes(name)) continue;
    throw modelError(
      source,
      lineOf(name),
      `unknown field "${name}"; ${fields.join(", ")} would be valid${didYouMean(name, fields)}`,
    );
  }
  return checkedConfig(source, values, lineOf);
}

function checkedConfig(
  source: ModelSource,
  values: Record<string, unknown>,
  lineOf: (field: string) => number,
): ModelConfig {
  const materialize = values["materialize"] ?? "view";
  if (!materializations.includes(materialize as Materialization))
    throw modelError(
      source,
      lineOf("materialize"),
      `materialize is ${materializations.join(", ")}; received ${JSON.stringify(materialize)}`,
    );
  const key = typeof values["key"] === "string" ? [values["key"]] : (values["key"] ?? []);
  if (!Array.isArray(key) || key.some((column) => typeof column !== "string"))
    throw modelError(source, lineOf("key"), `key is a column or a list of columns; received ${JSON.stringify(key)}`);
  if (materialize === "incremental" && key.length === 0)
    throw modelError(
      source,
      lineOf("materialize"),
      "an incremental model needs a key: the columns that tell which rows belong together",
    );
  const description = values["description"];
  return {
    materialize: materialize as Materialization,
    key: key as string[],
    checks: checksOf(source, values["checks"] ?? [], lineOf("checks")),
    ...(typeof description === "string" ? { description } : {}),
  };
}

function checksOf(source: ModelSource, raw: unknown, line: number): CheckDeclaration[] {
  if (!Array.isArray(raw)) throw modelError(source, line, `checks is a list; received ${JSON.stringify(raw)}`);
  return rejoinCalls(raw).map((item) => {
    const problem = (text: string): MillraceError => modelError(source, line, text);
    return parseCheck(item, problem);
  });
}

function offsetOf(document: Document, field: string): number | undefined {
  if (!isMap(document.contents)) return undefined;
  const pair = document.contents.items.find((item) => isScalar(item.key) && item.key.value === field);
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
}

/** An error at a line of a model's file. */
export function modelError(source: ModelSource, line: number, problem: string): MillraceError {
  return new MillraceError(
    "model-invalid",
    `${source.file}:${line}: model ${source.domain}.${source.name}: ${problem}`,
    {
      details: { model: `${source.domain}.${source.name}`, file: source.file, line },
    },
  );
}
