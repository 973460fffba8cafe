// Model files to drafts: parsed, tables resolved, statements printed. Works on all models at once, with few questions to the engine; needs no shapes.
import type { MillraceError, ModelSource } from "@millrace/core";
import type { CheckDeclaration, ParsedModel } from "../model/model.ts";
import { modelError, parseModel } from "../model/parse-model.ts";
import type { SqlDialect } from "../sql/dialect.ts";
import { copyTree, textOf, type SyntaxNode } from "../sql/syntax-tree.ts";
import { lineOf, resolveTables, type PlacedSql } from "./resolve-tables.ts";

/** A SELECT of the project: a model's own, or that of a check. */
export interface DraftStatement extends PlacedSql {
  /** Full names, sorted. `query` and `bound` read input `n` as `millrace_input_n`. */
  readonly inputs: readonly string[];
  readonly query: SyntaxNode;
  readonly bound: string;
  /** With every table in full. */
  readonly select: string;
}

export interface Draft {
  readonly source: ModelSource;
  readonly parsed: ParsedModel;
  readonly statement: DraftStatement;
  /** The statements of `sql` checks. */
  readonly checks: ReadonlyMap<CheckDeclaration, DraftStatement>;
}

export interface DraftContext {
  /** Names of tables that channels write, in full. */
  readonly tables: readonly string[];
  readonly fail: (model: string, error: unknown) => void;
}

export function fullName(table: { readonly domain: string; readonly name: string }): string {
  return `${table.domain}.${table.name}`;
}

export function standInName(at: number): string {
  return `millrace_input_${at}`;
}

interface Pending {
  readonly source: ModelSource;
  readonly parsed: ParsedModel;
  /** Undefined for the model's own statement. */
  readonly check: CheckDeclaration | undefined;
  readonly placed: PlacedSql;
}

export async function draftModels(
  dialect: SqlDialect,
  sources: readonly ModelSource[],
  { tables, fail }: DraftContext,
): Promise<Map<string, Draft>> {
  const known = new Map([...tables, ...sources.map(fullName)].map((name) => [name.toLowerCase(), name]));
  const pending = parseFiles(sources, tables, fail);
  const outcomes = await dialect.parse(pending.map(({ placed }) => placed.sql));
  const resolved: (Pending & Pick<DraftStatement, "inputs" | "query"> & { readonly qualified: SyntaxNode })[] = [];
  const faulty = new Set<string>();
  pending.forEach((one, at) => {
    const outcome = outcomes[at];
    const { source, placed } = one;
    try {
      if (outcome?.ok !== true) throw unparsed(source, placed, outcome);
      const found = resolveTables({ source, known, mayReadItself: one.check !== undefined }, placed, outcome.query);
      const query = withStandIns(found.query, found.inputs);
      resolved.push({ ...one, inputs: found.inputs, qualified: found.query, query });
    } catch (error) {
      faulty.add(fullName(source));
      fail(fullName(source), error);
    }
  });
  const texts = await dialect.print(resolved.flatMap(({ qualified, query }) => [qualified, query]));
  const drafts = new Map<string, Draft & { readonly checks: Map<CheckDeclaration, DraftStatement> }>();
  resolved.forEach(({ source, parsed, check, placed, inputs, query }, at) => {
    const name = fullName(source);
    if (faulty.has(name)) return;
    const statement = { ...placed, inputs, query, select: texts[2 * at] ?? "", bound: texts[2 * at + 1] ?? "" };
    if (check === undefined) drafts.set(name, { source, parsed, statement, checks: new Map() });
    else drafts.get(name)?.checks.set(check, statement);
  });
  return drafts;
}

/** Front matter read; each model's own statement comes before those of its checks. */
function parseFiles(sources: readonly ModelSource[], tables: readonly string[], fail: DraftContext["fail"]): Pending[] {
  const written = new Set(tables.map((name) => name.toLowerCase()));
  const taken = new Map<string, ModelSource>();
  return sources.flatMap((source) => {
    const name = fullName(source).toLowerCase();
    try {
      const twin = taken.get(name);
      if (twin !== undefined)
        throw modelError(source, 1, `${twin.file} has this name too; names are unique without regard to case`);
      taken.set(name, source);
      if (written.has(name))
        throw modelError(source, 1, "a table of this name is written by channels; give the model another name");
      const parsed = parseModel(source);
      const own: Pending = { source, parsed, check: undefined, placed: parsed };
      const checks = parsed.config.checks.flatMap((check): Pending[] =>
        check.kind === "sql" ? [{ source, parsed, check, placed: { sql: check.sql, sqlLine: check.line } }] : [],
      );
      return [own, ...checks];
    } catch (error) {
      fail(fullName(source), error);
      return [];
    }
  });
}

function unparsed(
  source: ModelSource,
  placed: PlacedSql,
  outcome: { readonly message: string; readonly position?: number } | undefined,
): MillraceError {
  return modelError(source, lineOf(placed, outcome?.position), outcome?.message ?? "the statement cannot be parsed");
}

function withStandIns(query: SyntaxNode, inputs: readonly string[]): SyntaxNode {
  const places = new Map(inputs.map((input, at) => [input, at]));
  return copyTree(query, (node) => {
    if (textOf(node, "type") !== "BASE_TABLE") return undefined;
    const at = places.get(`${textOf(node, "schema_name")}.${textOf(node, "table_name")}`);
    if (at === undefined) return undefined;
    const alias = textOf(node, "alias") || textOf(node, "table_name");
    return { ...node, schema_name: "", table_name: standInName(at), alias };
  });
}
