// From model files to a plan: parsed, resolved, ordered, bound against the shapes of their inputs. Nothing is run.
import { createHash } from "node:crypto";
import { didYouMean, toMillraceError, type MillraceError, type ModelSource, type ResultColumn } from "@millrace/core";
import { checkColumns, compileCheck } from "../checks/compile-check.ts";
import { findTouchedKeys } from "../incremental/touched-keys.ts";
import type { ModelPlan, PlannedModel } from "../model/model.ts";
import { columnLineage } from "../lineage/column-lineage.ts";
import type { InputRelation } from "../lineage/query-lineage.ts";
import { modelError } from "../model/parse-model.ts";
import type { SqlDialect } from "../sql/dialect.ts";
import { openDuckDbDialect, type DialectEngine } from "../sql/duckdb-dialect.ts";
import { usesOf } from "../sql/references.ts";
import { bind, stubsOf } from "./bind-statement.ts";
import { draftModels, fullName, standInName, type Draft } from "./draft-models.ts";
import { orderModels } from "./graph.ts";
import { lineOf } from "./resolve-tables.ts";

/** A table that models may read and that no model makes. */
export interface CatalogTable {
  readonly domain: string;
  readonly name: string;
  readonly columns: readonly ResultColumn[];
}

interface Planning {
  readonly dialect: SqlDialect;
  /** Grows as models are planned. */
  readonly shapes: Map<string, readonly ResultColumn[]>;
  /** Tables whose rows carry the number of their batch. */
  readonly fromChannels: ReadonlySet<string>;
}

/**
 * Models that can be planned are in the plan, in an order in which each comes after what it reads; errors of the others stand beside them, with file and
 * line. A model that reads a faulty one is faulty too.
 *
 * @example const { models, errors } = await planModels(sources, { engine: warehouse, tables: await warehouse.tables() });
 */
export async function planModels(
  sources: readonly ModelSource[],
  catalog: { readonly engine: DialectEngine; readonly tables: readonly CatalogTable[] },
): Promise<ModelPlan> {
  const dialect = await openDuckDbDialect(catalog.engine);
  const errors: { model: string; error: MillraceError }[] = [];
  const fail = (model: string, thrown: unknown): void => void errors.push({ model, error: toMillraceError(thrown) });
  const shapes = new Map(catalog.tables.map((table) => [fullName(table), table.columns]));
  const fromChannels = new Set(shapes.keys());
  const drafts = await draftModels(dialect, sources, { tables: [...fromChannels], fail });
  const { order, cycles } = orderModels(new Map([...drafts].map(([name, draft]) => [name, draft.statement.inputs])));
  for (const { members, error } of cycles) for (const member of members) fail(member, error);
  const faulty = new Set(errors.map(({ model }) => model));
  const models: PlannedModel[] = [];
  for (const name of order) {
    const draft = drafts.get(name);
    if (draft === undefined || faulty.has(name)) continue;
    try {
      models.push(await planOne({ dialect, shapes, fromChannels }, draft));
    } catch (error) {
      shapes.delete(name);
      fail(name, error);
    }
  }
  return { models, errors: errors.map(({ model, error }) => ({ model, error: error.toJSON() })) };
}

async function planOne(planning: Planning, draft: Draft): Promise<PlannedModel> {
  const { dialect, shapes } = planning;
  const { source, parsed, statement } = draft;
  const { config } = parsed;
  const { aggregates } = dialect.functions;
  const name = fullName(source);
  const missing = statement.inputs.find((input) => !shapes.has(input));
  if (missing !== undefined) throw modelError(source, parsed.sqlLine, `it reads ${missing}, which cannot be planned`);
  const incremental = config.materialize === "incremental";
  if (incremental) refuseVolatile(dialect, draft);
  const columns = await bind(dialect, source, statement, shapes);
  checkColumnNames(draft, columns);
  shapes.set(name, columns);
  await bindChecks(planning, draft);
  return {
    ...config,
    ...(incremental ? await touchedKeys(planning, draft, columns) : {}),
    domain: source.domain,
    name: source.name,
    file: source.file,
    select: statement.select,
    inputs: statement.inputs,
    columns,
    lineage: columnLineage({ query: statement.query, inputs: readRelations(planning, draft) }, columns, aggregates),
    compiledChecks: config.checks.map((check) => compileCheck(check, name, draft.checks.get(check)?.select)),
    fingerprint: fingerprintOf(planning, draft),
  };
}

/** The inputs as the statement's tree calls them. */
function readRelations({ shapes }: Planning, { statement }: Draft): readonly InputRelation[] {
  return statement.inputs.map((table, at) => ({
    name: standInName(at),
    table,
    columns: (shapes.get(table) ?? []).map((column) => column.name),
  }));
}

/** Changes with everything that the rows depend on but the rows of the inputs; not with comments, layout and descriptions. */
function fingerprintOf({ shapes }: Planning, { parsed, statement }: Draft): string {
  const { materialize, key, checks } = parsed.config;
  const content = {
    select: statement.select,
    materialize,
    key,
    checks: checks.map(({ line: _line, ...check }) => check),
    inputs: statement.inputs.map((input) => [input, shapes.get(input)]),
  };
  return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 16);
}

function touchedKeys(
  { dialect, shapes, fromChannels }: Planning,
  { parsed, statement }: Draft,
  columns: readonly ResultColumn[],
): Promise<Pick<PlannedModel, "touchedKeys" | "fullBecause">> {
  return findTouchedKeys(dialect, {
    query: statement.query,
    columns,
    key: parsed.config.key,
    inputs: statement.inputs.map((table, at) => ({
      table,
      standIn: standInName(at),
      hasBatches: fromChannels.has(table),
      columns: shapes.get(table) ?? [],
    })),
    stubs: stubsOf(statement, shapes),
  });
}

function refuseVolatile(dialect: SqlDialect, { source, statement }: Draft): void {
  const use = usesOf(statement.query, dialect.functions.volatile)[0];
  if (use === undefined) return;
  throw modelError(
    source,
    lineOf(statement, use.position),
    `${use.name} changes from one moment to the next, so rows of an incremental model would be out of date in silence; make the model a view`,
  );
}

/** A check reads the model and what the model reads: nothing else is sure to be there when it runs. */
async function bindChecks({ dialect, shapes }: Planning, { source, statement, checks }: Draft): Promise<void> {
  const readable = new Set([fullName(source), ...statement.inputs]);
  for (const check of checks.values()) {
    const other = check.inputs.find((input) => !readable.has(input));
    if (other !== undefined)
      throw modelError(
        source,
        check.sqlLine,
        `a check reads ${other}, which the model does not read; ${[...readable].join(", ")} would be valid`,
      );
    await bind(dialect, source, check, shapes);
  }
}

function checkColumnNames({ source, parsed }: Draft, columns: readonly ResultColumn[]): void {
  const names = columns.map((column) => column.name);
  const known = new Set(names.map((name) => name.toLowerCase()));
  const wanted = [
    ...parsed.config.key.map((column) => ({ column, line: parsed.keyLine, place: "key" })),
    ...parsed.config.checks.flatMap((check) =>
      checkColumns(check).map((column) => ({ column, line: check.line, place: `check ${check.name}` })),
    ),
  ];
  const missing = wanted.find(({ column }) => !known.has(column.toLowerCase()));
  if (missing === undefined) return;
  throw modelError(
    source,
    missing.line,
    `${missing.place} names the column "${missing.column}", which the model does not have${didYouMean(missing.column, names)}; it has ${names.join(", ")}`,
  );
}
