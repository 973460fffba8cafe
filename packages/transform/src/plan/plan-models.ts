// From model files to a plan: parsed, resolved, ordered, bound against the shapes of their inputs. Nothing is run.
import { createHash } from "node:crypto";
import { toMillraceError, type MillraceError, type ModelSource, type ResultColumn } from "@millrace/core";
import { checkColumns, compileCheck } from "../checks/compile-check.ts";
import { findTouchedKeys } from "../incremental/touched-keys.ts";
import type { ModelPlan, ParsedModel, PlannedModel } from "../model/model.ts";
import { modelError, parseModel } from "../model/parse-model.ts";
import { quoteName, type SqlDialect } from "../sql/dialect.ts";
import { openDuckDbDialect, type DialectEngine } from "../sql/duckdb-dialect.ts";
import { usesOf } from "../sql/references.ts";
import { copyTree, textOf, type SyntaxNode } from "../sql/syntax-tree.ts";
import { orderModels } from "./graph.ts";
import { lineOf, resolveTables, type ResolvedStatement } from "./resolve-tables.ts";

/** A table that models may read and that no model makes. */
export interface CatalogTable {
  readonly domain: string;
  readonly name: string;
  readonly columns: readonly ResultColumn[];
}

interface Draft {
  readonly source: ModelSource;
  readonly parsed: ParsedModel;
  readonly resolved: ResolvedStatement;
}

/** Errors of single models are in the plan; models that read a faulty one are faulty too. */
export async function planModels(
  sources: readonly ModelSource[],
  catalog: { readonly engine: DialectEngine; readonly tables: readonly CatalogTable[] },
): Promise<ModelPlan> {
  const dialect = await openDuckDbDialect(catalog.engine);
  const errors: { model: string; error: MillraceError }[] = [];
  const fail = (model: string, thrown: unknown): void => void errors.push({ model, error: toMillraceError(thrown) });
  const drafts = await draftAll(dialect, sources, catalog.tables, fail);
  const { order, cycles } = orderModels(new Map([...drafts].map(([name, draft]) => [name, draft.resolved.inputs])));
  for (const { members, error } of cycles) for (const member of members) fail(member, error);
  const faulty = new Set(errors.map(({ model }) => model));
  const shapes = new Map(catalog.tables.map((table) => [fullName(table), table.columns]));
  const fromChannels = new Set(shapes.keys());
  const models: PlannedModel[] = [];
  for (const name of order) {
    const draft = drafts.get(name);
    if (draft === undefined || faulty.has(name)) continue;
    try {
      const model = await planOne(dialect, draft, shapes, fromChannels);
      shapes.set(name, model.columns);
      models.push(model);
    } catch (error) {
      faulty.add(name);
      fail(name, error);
    }
  }
  return { models, errors: errors.map(({ model, error }) => ({ model, error: error.toJSON() })) };
}

function fullName(table: { readonly domain: string; readonly name: string }): string {
  return `${table.domain}.${table.name}`;
}

async function draftAll(
  dialect: SqlDialect,
  sources: readonly ModelSource[],
  tables: readonly CatalogTable[],
  fail: (model: string, error: unknown) => void,
): Promise<Map<string, Draft>> {
  const taken = new Set(tables.map((table) => fullName(table).toLowerCase()));
  const known = new Map([...tables, ...sources].map((table) => [fullName(table).toLowerCase(), fullName(table)]));
  const parsed: { source: ModelSource; parsed: ParsedModel }[] = [];
  for (const source of sources) {
    try {
      if (taken.has(fullName(source).toLowerCase()))
        throw modelError(source, 1, "a table of this name is written by channels; give the model another name");
      parsed.push({ source, parsed: parseModel(source) });
    } catch (error) {
      fail(fullName(source), error);
    }
  }
  const outcomes = await dialect.parse(parsed.map((one) => one.parsed.sql));
  const drafts = new Map<string, Draft>();
  parsed.forEach((one, at) => {
    try {
      const outcome = outcomes[at];
      if (outcome?.ok !== true)
        throw modelError(
          one.source,
          lineOf(one.parsed, outcome?.position),
          outcome?.message ?? "the statement cannot be parsed",
        );
      drafts.set(fullName(one.source), {
        ...one,
        resolved: resolveTables(one.source, one.parsed, outcome.query, known),
      });
    } catch (error) {
      fail(fullName(one.source), error);
    }
  });
  return drafts;
}

async function planOne(
  dialect: SqlDialect,
  draft: Draft,
  shapes: ReadonlyMap<string, readonly ResultColumn[]>,
  fromChannels: ReadonlySet<string>,
): Promise<PlannedModel> {
  const { source, parsed, resolved } = draft;
  const { config } = parsed;
  const missing = resolved.inputs.find((input) => !shapes.has(input));
  if (missing !== undefined) throw modelError(source, parsed.sqlLine, `it reads ${missing}, which cannot be planned`);
  if (config.materialize === "incremental") refuseVolatile(dialect, draft);
  const [select = ""] = await dialect.print([resolved.query]);
  const columns = await describe(dialect, draft, select, shapes);
  checkColumnNames(draft, columns);
  const name = fullName(source);
  const touched = config.materialize === "incremental" ? await touchedKeys(dialect, draft, fromChannels) : {};
  return {
    ...config,
    ...touched,
    domain: source.domain,
    name: source.name,
    file: source.file,
    select,
    inputs: resolved.inputs,
    columns,
    compiledChecks: config.checks.map((check) => compileCheck(check, name)),
    fingerprint: fingerprint(
      select,
      config,
      resolved.inputs.map((input) => [input, shapes.get(input)]),
    ),
  };
}

function fingerprint(...parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

async function touchedKeys(
  dialect: SqlDialect,
  draft: Draft,
  fromChannels: ReadonlySet<string>,
): Promise<Pick<PlannedModel, "touchedKeys" | "fullBecause">> {
  const [input, ...others] = draft.resolved.inputs;
  if (input === undefined || others.length > 0) return { fullBecause: "it reads more than one table" };
  const outcome = await findTouchedKeys(dialect, draft.resolved.query, {
    input,
    inputHasBatches: fromChannels.has(input),
    key: draft.parsed.config.key,
  });
  return "keys" in outcome ? { touchedKeys: outcome.keys } : outcome;
}

function refuseVolatile(dialect: SqlDialect, { source, parsed, resolved }: Draft): void {
  const use = usesOf(resolved.query, dialect.functions.volatile)[0];
  if (use === undefined) return;
  throw modelError(
    source,
    lineOf(parsed, use.position),
    `${use.name} changes from one moment to the next, so rows of an incremental model would be out of date in silence; make the model a view`,
  );
}

/** Binds the statement to empty stand-ins of its inputs, so that models are checked before the models that they read exist. */
async function describe(
  dialect: SqlDialect,
  draft: Draft,
  select: string,
  shapes: ReadonlyMap<string, readonly ResultColumn[]>,
): Promise<readonly ResultColumn[]> {
  const { source, parsed, resolved } = draft;
  const stubs = resolved.inputs.map((input, at) => {
    const columns = (shapes.get(input) ?? []).map(
      (column) => `CAST(NULL AS ${column.engineType}) AS ${quoteName(column.name)}`,
    );
    return `millrace_input_${at} AS (SELECT ${columns.join(", ")})`;
  });
  const [bound = select] = await dialect.print([standIn(resolved)]);
  try {
    return await dialect.describe(stubs.length === 0 ? select : `WITH ${stubs.join(", ")} SELECT * FROM (${bound})`);
  } catch (error) {
    const { message } = toMillraceError(error);
    throw modelError(source, lineOf(parsed, placeOf(message, parsed.sql)), message.split("\nLINE ")[0] ?? message);
  }
}

function standIn(resolved: ResolvedStatement): SyntaxNode {
  return copyTree(resolved.query, (node) => {
    if (textOf(node, "type") !== "BASE_TABLE") return undefined;
    const at = resolved.inputs.indexOf(`${textOf(node, "schema_name")}.${textOf(node, "table_name")}`);
    return at < 0
      ? undefined
      : {
          ...node,
          schema_name: "",
          table_name: `millrace_input_${at}`,
          alias: textOf(node, "alias") || textOf(node, "table_name"),
        };
  });
}

/** Where the name that the engine's message quotes stands in the author's text; the engine's own position is of the printed statement. */
function placeOf(message: string, sql: string): number | undefined {
  const name = /"([^"]+)"/.exec(message)?.[1];
  const at = name === undefined ? -1 : sql.toLowerCase().indexOf(name.toLowerCase());
  return at < 0 ? undefined : Buffer.byteLength(sql.slice(0, at));
}

function checkColumnNames({ source, parsed }: Draft, columns: readonly ResultColumn[]): void {
  const names = new Set(columns.map((column) => column.name.toLowerCase()));
  const wanted = [...parsed.config.key, ...parsed.config.checks.flatMap(checkColumns)];
  const missing = wanted.find((column) => !names.has(column.toLowerCase()));
  if (missing === undefined) return;
  throw modelError(
    source,
    1,
    `key and checks name the column "${missing}", which the model does not have; it has ${columns.map((column) => column.name).join(", ")}`,
  );
}
