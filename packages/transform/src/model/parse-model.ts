// Splits a model file into front matter and statement, and reads the front matter. Every fault has its file and line.
import { didYouMean, MillraceError, type ModelSource } from "@millrace/core";
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type Pair } from "yaml";
import type { CheckDeclaration, Materialization, ModelConfig, ParsedModel } from "./model.ts";
import { isBalanced, parseCheck } from "./parse-check.ts";

const opening = /^\s*\/\*\s*---[ \t]*\r?\n/;
const closing = /\r?\n\s*---\s*\*\//;
const fields = ["materialize", "key", "checks", "description"] as const;
const materializations: readonly Materialization[] = ["view", "table", "incremental"];

/** @throws MillraceError model-invalid */
export function parseModel(source: ModelSource): ParsedModel {
  const open = opening.exec(source.text);
  if (open === null)
    return {
      config: { materialize: "view", key: [], checks: [] },
      sql: statement(source, source.text, 1),
      sqlLine: 1,
      keyLine: 1,
    };
  const body = source.text.slice(open[0].length);
  const close = closing.exec(`\n${body}`);
  if (close === null) throw modelError(source, 1, "the front matter that begins with /* --- has no end: --- */");
  const yaml = `\n${body}`.slice(1, close.index + 1);
  const rest = `\n${body}`.slice(close.index + close[0].length);
  const firstLine = open[0].split("\n").length;
  const sqlLine = source.text.slice(0, source.text.length - rest.length).split("\n").length;
  return { ...parseConfig(source, yaml, firstLine), sql: statement(source, rest, sqlLine), sqlLine };
}

function statement(source: ModelSource, text: string, line: number): string {
  const sql = text.replace(/;\s*$/, "");
  if (sql.trim() === "") throw modelError(source, line, "the model has no SELECT");
  return sql;
}

/** The front matter while it is read: its text, and where in the file it stands. */
interface FrontMatter {
  readonly source: ModelSource;
  readonly yaml: string;
  readonly document: Document;
  lineAt(offset: number | undefined): number;
}

function parseConfig(source: ModelSource, yaml: string, firstLine: number): Pick<ParsedModel, "config" | "keyLine"> {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines });
  const lineAt = (offset: number | undefined): number => firstLine - 1 + lines.linePos(offset ?? 0).line;
  const front = { source, yaml, document, lineAt };
  const fault = document.errors[0];
  if (fault !== undefined)
    throw modelError(
      source,
      lineAt(fault.pos[0]),
      `the front matter is no YAML: ${fault.message.split("\n")[0] ?? ""} (write each check on a line of its own: - unique(a, b))`,
    );
  const raw: unknown = document.toJS() ?? {};
  if (typeof raw !== "object" || raw === null || Array.isArray(raw))
    throw modelError(source, firstLine, "the front matter must be a list of `name: value` lines");
  const values = raw as Record<string, unknown>;
  for (const name of Object.keys(values)) {
    if ((fields as readonly string[]).includes(name)) continue;
    throw modelError(
      source,
      lineOf(front, name),
      `unknown field "${name}"; ${fields.join(", ")} would be valid${didYouMean(name, fields)}`,
    );
  }
  return { config: checkedConfig(front, values), keyLine: lineOf(front, "key") };
}

function checkedConfig(front: FrontMatter, values: Record<string, unknown>): ModelConfig {
  const { source } = front;
  const materialize = values["materialize"] ?? "view";
  const known = materializations.find((one) => one === materialize);
  if (known === undefined)
    throw modelError(
      source,
      lineOf(front, "materialize"),
      `materialize is ${materializations.join(", ")}; received ${JSON.stringify(materialize)}${typeof materialize === "string" ? didYouMean(materialize, materializations) : ""}`,
    );
  const key = typeof values["key"] === "string" ? [values["key"]] : (values["key"] ?? []);
  if (!Array.isArray(key) || key.some((column) => typeof column !== "string"))
    throw modelError(
      source,
      lineOf(front, "key"),
      `key is a column or a list of columns; received ${JSON.stringify(key)}`,
    );
  if (known === "incremental" && key.length === 0)
    throw modelError(
      source,
      lineOf(front, "materialize"),
      "an incremental model needs a key: the columns that tell which rows belong together",
    );
  const description = values["description"];
  if (description !== undefined && typeof description !== "string")
    throw modelError(
      source,
      lineOf(front, "description"),
      `description is text; received ${JSON.stringify(description)}`,
    );
  return {
    materialize: known,
    key: key as string[],
    checks: checksOf(front, values["checks"]),
    ...(description === undefined ? {} : { description }),
  };
}

function checksOf(front: FrontMatter, raw: unknown): CheckDeclaration[] {
  const { source } = front;
  if (raw === undefined) return [];
  const list = pairOf(front.document, "checks")?.value;
  if (!isSeq(list) || !Array.isArray(raw))
    throw modelError(source, lineOf(front, "checks"), `checks is a list; received ${JSON.stringify(raw)}`);
  return wholeItems(front.yaml, list.items as readonly Node[], raw).map(({ value, offset }) => {
    const line = front.lineAt(offset);
    return parseCheck(value, line, (text) => modelError(source, line, text));
  });
}

/** In `[unique(a, b)]` YAML takes the comma for the end of an item: puts together what belongs to one pair of brackets. */
function wholeItems(
  yaml: string,
  nodes: readonly Node[],
  values: readonly unknown[],
): { readonly value: unknown; readonly offset: number }[] {
  const items: { value: unknown; readonly offset: number }[] = [];
  let open: { value: unknown; readonly offset: number } | undefined;
  nodes.forEach((node, at) => {
    const [start = 0, end = 0] = node.range ?? [];
    if (open === undefined) items.push((open = { value: values[at], offset: start }));
    else open.value = yaml.slice(open.offset, end);
    if (typeof open.value !== "string" || isBalanced(open.value)) open = undefined;
  });
  return items;
}

function lineOf(front: FrontMatter, field: string): number {
  const key = pairOf(front.document, field)?.key;
  return front.lineAt(isScalar(key) ? key.range?.[0] : undefined);
}

function pairOf(document: Document, field: string): Pair | undefined {
  if (!isMap(document.contents)) return undefined;
  return document.contents.items.find((item) => isScalar(item.key) && item.key.value === field);
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
