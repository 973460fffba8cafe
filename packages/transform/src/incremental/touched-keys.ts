// The statements by which an incremental model follows its inputs. Recomputing the rows of the touched keys, and only those, gives what a full build
// would give: a row of the result whose key is not touched comes from old rows alone. followed-inputs.ts decides for which inputs that holds.
import { isMillraceError, type ResultColumn } from "@millrace/core";
import type { PushedKeys, TouchedKeys } from "../model/model.ts";
import { quoteName, type SqlDialect } from "../sql/dialect.ts";
import { copyTree, nodeOf, nodesOf, textOf, type SyntaxNode } from "../sql/syntax-tree.ts";
import { columnsIn, callsAny, has } from "./expressions.ts";
import { analyse, branchesOf, isUnion, unionSides, type Analysis } from "./followed-inputs.ts";
import { newRows, pushedInput, restricted, touchedBy } from "./key-statements.ts";

/** A table that the statement reads: its full name, the name that stands for it in `query`, and its shape. */
export interface ReadInput {
  readonly table: string;
  readonly standIn: string;
  /** Written by channels: new rows have a higher `_batch`. */
  readonly hasBatches: boolean;
  readonly columns: readonly ResultColumn[];
}

export interface KeyedStatement {
  /** The tree, reading the stand-ins. */
  readonly query: SyntaxNode;
  readonly columns: readonly ResultColumn[];
  readonly key: readonly string[];
  readonly inputs: readonly ReadInput[];
  /** `name AS (SELECT ...)` of empty stand-ins, to bind statements against. */
  readonly stubs: readonly string[];
}

export type TouchedOutcome = { readonly touchedKeys: TouchedKeys } | { readonly fullBecause: string };

export async function findTouchedKeys(dialect: SqlDialect, statement: KeyedStatement): Promise<TouchedOutcome> {
  const analysis = analyse(statement.query, statement.key, dialect.functions);
  if ("obstacle" in analysis) return { fullBecause: analysis.obstacle };
  const reads = readsOf(statement);
  const reasons = reasonsOf(statement, analysis, reads);
  const followed = reads.filter(({ input }) => !reasons.has(input.table));
  const fullFor = [...reasons].map(([input, because]) => ({ input, because }));
  if (followed.length === 0)
    return {
      fullBecause: fullFor.map(({ input, because }) => `${input}: ${because}`).join("; ") || "it reads no table",
    };
  const pushed = await pushedKeys(dialect, statement, analysis, followed);
  const recompute = replaceNodes(statement.query, new Map(pushed.map((push, at) => [push.node, pushedInput(at)])));
  const [recomputeText = "", ...touched] = await dialect.print([
    recompute,
    ...followed.map(({ node }) => onlyNewRows(statement.query, node)),
  ]);
  const touchedKeys: TouchedKeys = {
    key: statement.key,
    columns: statement.columns.map((column) => column.name),
    standIns: statement.inputs.map(({ table, standIn }) => ({ table, standIn })),
    followed: followed.map(({ input }, at) => ({ input: input.table, statement: touched[at] ?? "" })),
    fullFor,
    recompute: recomputeText,
    pushed: pushed.map(({ node: _node, ...push }) => push),
  };
  const fault = await bindingFault(dialect, statement, touchedKeys);
  return fault === undefined ? { touchedKeys } : { fullBecause: fault };
}

interface Read {
  readonly node: SyntaxNode;
  readonly input: ReadInput;
}

/** Every place where the statement reads a stand-in. */
function readsOf({ query, inputs }: KeyedStatement): readonly Read[] {
  const byName = new Map(inputs.map((input) => [input.standIn, input]));
  const reads: Read[] = [];
  copyTree(query, (node) => {
    const input = textOf(node, "type") === "BASE_TABLE" ? byName.get(textOf(node, "table_name")) : undefined;
    if (input !== undefined) reads.push({ node, input });
    return undefined;
  });
  return reads;
}

/** Why a change of an input means a full build, by input; inputs that are not in it are followed. */
function reasonsOf(statement: KeyedStatement, analysis: Analysis, reads: readonly Read[]): Map<string, string> {
  const reasons = new Map<string, string>();
  for (const { table, hasBatches } of statement.inputs)
    if (!hasBatches) reasons.set(table, "it is a model, whose rows carry no batch");
  for (const { node, input } of reads) {
    if (analysis.followed.has(node) || reasons.has(input.table)) continue;
    reasons.set(input.table, analysis.because.get(node) ?? "it is read in a subquery of an expression");
  }
  return reasons;
}

/** The statement over new rows at one place; of a UNION only the branch of that place. What drops whole groups is left out: their keys count. */
function onlyNewRows(query: SyntaxNode, place: SyntaxNode): SyntaxNode {
  return withoutCuts(replaceNodes(branchWith(query, place), new Map([[place, newRows]])));
}

function withoutCuts(query: SyntaxNode): SyntaxNode {
  const modifiers = nodesOf(query, "modifiers").filter((modifier) => textOf(modifier, "type") !== "ORDER_MODIFIER");
  if (!isUnion(query)) return { ...query, modifiers, having: null, qualify: null };
  const sides = new Set(unionSides(query));
  return copyTree({ ...query, modifiers }, (node) => (sides.has(node) ? withoutCuts(node) : undefined));
}

/** The branch of a UNION in which `place` is, with the WITH queries around it. In a WITH query that a branch reads, the whole statement. */
function branchWith(query: SyntaxNode, place: SyntaxNode): SyntaxNode {
  if (!isUnion(query)) return query;
  const branch = branchesOf(query)?.find((one) => contains(one, place));
  const around = nodeOf(query, "cte_map");
  const own = branch === undefined ? undefined : nodeOf(branch, "cte_map");
  if (branch === undefined || around === undefined || own === undefined) return query;
  return { ...branch, cte_map: { ...own, map: [...nodesOf(around, "map"), ...nodesOf(own, "map")] } };
}

function contains(tree: SyntaxNode, node: SyntaxNode): boolean {
  let found = false;
  copyTree(tree, (below) => {
    found ||= below === node;
    return undefined;
  });
  return found;
}

function replaceNodes(query: SyntaxNode, names: ReadonlyMap<SyntaxNode, string>): SyntaxNode {
  return copyTree(query, (node) => {
    const name = names.get(node);
    if (name === undefined) return undefined;
    return { ...node, table_name: name, alias: textOf(node, "alias") || textOf(node, "table_name") };
  });
}

/** Where key columns are plain expressions over one followed table of the SELECT, its scan can be restricted to the touched keys. */
async function pushedKeys(
  dialect: SqlDialect,
  statement: KeyedStatement,
  analysis: Analysis,
  followed: readonly Read[],
): Promise<readonly (PushedKeys & { readonly node: SyntaxNode })[]> {
  const [select, ...others] = analysis.selects;
  const sets = select?.node["group_sets"];
  // A grand total needs the rows of all keys; the branches of a UNION have expressions of their own.
  if (select === undefined || others.length > 0 || (Array.isArray(sets) && sets.length > 1)) return [];
  const from = nodeOf(select.node, "from_table");
  const tables = from === undefined ? undefined : tablesOf(from, followed, statement);
  if (tables === undefined) return [];
  const pushed = [];
  for (const table of tables) {
    if (table.read === undefined) continue;
    const keys = statement.key.flatMap((column, at) => {
      const expression = select.keys[at];
      return expression !== undefined && isOver(dialect, expression, table, tables) ? [{ column, expression }] : [];
    });
    if (keys.length === 0) continue;
    const texts = await dialect.printExpressions(keys.map(({ expression }) => expression));
    pushed.push({
      node: table.read.node,
      standIn: table.read.input.standIn,
      alias: table.alias,
      keys: keys.map(({ column }, at) => ({ column, expression: texts[at] ?? "" })),
    });
  }
  return pushed;
}

interface FromTable {
  readonly alias: string;
  readonly columns: ReadonlySet<string>;
  /** Present when the table is followed. */
  readonly read?: Read;
}

/** The tables of a FROM that has nothing else; undefined when names cannot be told apart for sure. */
function tablesOf(
  from: SyntaxNode,
  followed: readonly Read[],
  statement: KeyedStatement,
): readonly FromTable[] | undefined {
  if (textOf(from, "type") === "JOIN") {
    const sides = [nodeOf(from, "left"), nodeOf(from, "right")];
    const tables = sides.map((side) => (side === undefined ? undefined : tablesOf(side, followed, statement)));
    return tables.includes(undefined) ? undefined : tables.flatMap((side) => side ?? []);
  }
  const input = statement.inputs.find((one) => one.standIn === textOf(from, "table_name"));
  const renamed = Array.isArray(from["column_name_alias"]) && from["column_name_alias"].length > 0;
  if (textOf(from, "type") !== "BASE_TABLE" || input === undefined || renamed) return undefined;
  const read = followed.find(({ node }) => node === from);
  const columns = new Set(input.columns.map((column) => column.name.toLowerCase()));
  return [{ alias: textOf(from, "alias"), columns, ...(read === undefined ? {} : { read }) }];
}

const rowMakers: ReadonlySet<string> = new Set(["unnest"]);

/** True when the expression has one value for each row of `table` and needs nothing else. */
function isOver(dialect: SqlDialect, expression: SyntaxNode, table: FromTable, tables: readonly FromTable[]): boolean {
  const columns = columnsIn(expression);
  const several = callsAny(expression, rowMakers) || callsAny(expression, dialect.functions.aggregates);
  if (columns.length === 0 || several || has(expression, "STAR")) return false;
  return columns.every((parts) => {
    const [first = ""] = parts;
    const owners = tables.filter((one) => one.columns.has(first));
    if (parts.length > 1) return first === table.alias.toLowerCase() && owners.length === 0;
    return owners.length === 1 && owners[0] === table;
  });
}

/** Binds the statements without running them: where they would fail (an alias that means something else there), the model is built in full. */
async function bindingFault(
  dialect: SqlDialect,
  statement: KeyedStatement,
  touchedKeys: TouchedKeys,
): Promise<string | undefined> {
  const first = touchedKeys.followed[0];
  if (first === undefined) return "it reads no table";
  const keys = `SELECT ${nullKeys(statement)}`;
  try {
    for (const { input, statement: text } of touchedKeys.followed) {
      const standIn = touchedKeys.standIns.find((one) => one.table === input)?.standIn ?? "";
      const stubs = [...statement.stubs, `${newRows} AS (SELECT * FROM ${standIn})`];
      await dialect.describe(`WITH ${stubs.join(", ")} ${touchedBy(touchedKeys, text)}`);
    }
    await dialect.describe(restricted(touchedKeys, statement.stubs, keys));
    return undefined;
  } catch (error) {
    if (!isMillraceError(error, "query-invalid")) throw error;
    return `its touched keys cannot be selected: ${error.message.split("\n")[0] ?? ""}`;
  }
}

function nullKeys({ key, columns }: KeyedStatement): string {
  const types = new Map(columns.map((column) => [column.name.toLowerCase(), column.engineType]));
  return key
    .map((name) => `CAST(NULL AS ${types.get(name.toLowerCase()) ?? "VARCHAR"}) AS ${quoteName(name)}`)
    .join(", ");
}
