// Which rows of an incremental model do new rows of its input touch? Where the statement reads one table and its key columns are plain expressions
// over a row of it, the key of every input row is known without running the model: recomputing the rows of the touched keys, and only those, gives
// what a full build would give. Everything else is built in full.
import { quoteName, quoteTable, type SqlDialect } from "../sql/dialect.ts";
import type { TouchedKeys } from "../model/model.ts";
import { copyTree, nodeOf, nodesOf, textOf, walk, type SyntaxNode } from "../sql/syntax-tree.ts";

export type TouchedOutcome = { readonly keys: TouchedKeys } | { readonly fullBecause: string };

const restrictedInput = "millrace_restricted_input";

export async function findTouchedKeys(
  dialect: SqlDialect,
  query: SyntaxNode,
  about: { readonly input: string; readonly inputHasBatches: boolean; readonly key: readonly string[] },
): Promise<TouchedOutcome> {
  const from = nodeOf(query, "from_table");
  const obstacle = obstacleOf(dialect, query, from, about);
  if (obstacle !== undefined || from === undefined) return { fullBecause: obstacle ?? "it reads no table" };
  const expressions = about.key.map((column) => keyExpression(query, column));
  const missing = expressions.indexOf(undefined);
  if (missing >= 0)
    return { fullBecause: `key column ${about.key[missing] ?? ""} is not written as an expression with that name` };
  const found = expressions.filter((expression) => expression !== undefined);
  if (
    found.some(
      (expression) =>
        calls(expression, (name) => dialect.functions.aggregates.has(name)) ||
        has(expression, "SUBQUERY") ||
        has(expression, "WINDOW"),
    )
  )
    return { fullBecause: "a key column is an aggregate, a window or a subquery" };
  const alias = textOf(from, "alias") || textOf(from, "table_name");
  const texts = await dialect.printExpressions(found);
  const [restricted = ""] = await dialect.print([
    copyTree(query, (node) =>
      node === from ? { ...node, schema_name: "", table_name: restrictedInput, alias } : undefined,
    ),
  ]);
  return { keys: statements(about, alias, texts, restricted) };
}

function statements(
  about: { readonly input: string; readonly key: readonly string[] },
  alias: string,
  texts: readonly string[],
  restricted: string,
): TouchedKeys {
  const source = `${quoteTable(about.input)} AS ${quoteName(alias)}`;
  const touched = (batch: bigint): string =>
    `SELECT DISTINCT ${texts.map((text, at) => `${text} AS ${quoteName(about.key[at] ?? "")}`).join(", ")} FROM ${source} WHERE ${quoteName(alias)}._batch > ${batch}`;
  // The keys get names of their own: a plain column name inside EXISTS would mean the column of the touched keys.
  const own = texts.map((_, at) => quoteName(`millrace_key_${at}`));
  const keyed = texts.map((text, at) => `${text} AS ${own[at] ?? ""}`).join(", ");
  const same = own.map((name, at) => `touched.${quoteName(about.key[at] ?? "")} IS NOT DISTINCT FROM keyed.${name}`);
  return {
    input: about.input,
    touched,
    restricted: (batch) =>
      `WITH ${restrictedInput} AS (SELECT * EXCLUDE (${own.join(", ")}) FROM (SELECT ${quoteName(alias)}.*, ${keyed} FROM ${source}) AS keyed
        WHERE EXISTS (SELECT 1 FROM (${touched(batch)}) AS touched WHERE ${same.join(" AND ")})) SELECT * FROM (${restricted})`,
  };
}

/** Parts of a statement whose answer for a row depends on other rows than those of its key. */
const notPerRow: readonly (readonly [(query: SyntaxNode, from: SyntaxNode) => boolean, string])[] = [
  [(query) => nodesOf(query, "modifiers").length > 0, "it has DISTINCT, ORDER BY or LIMIT"],
  [(query) => nodeOf(query, "qualify") !== undefined, "it has QUALIFY"],
  [(query, from) => nodeOf(query, "sample") !== undefined || nodeOf(from, "sample") !== undefined, "it samples"],
  [(query) => has(query, "SUBQUERY"), "it has subqueries"],
  [(query) => has(query, "WINDOW"), "it has window functions"],
];

function obstacleOf(
  dialect: SqlDialect,
  query: SyntaxNode,
  from: SyntaxNode | undefined,
  about: { readonly inputHasBatches: boolean },
): string | undefined {
  if (textOf(query, "type") !== "SELECT_NODE") return "it is no plain SELECT";
  if (from === undefined || textOf(from, "type") !== "BASE_TABLE") return "it reads more than one table";
  if (!about.inputHasBatches) return "its input is not written by channels";
  const unlike = notPerRow.find(([present]) => present(query, from));
  if (unlike !== undefined) return unlike[1];
  const sets = query["group_sets"];
  if (Array.isArray(sets) && sets.length > 1) return "it has grouping sets";
  const grouped = nodesOf(query, "group_expressions").length > 0;
  const aggregated = nodesOf(query, "select_list").some((item) =>
    calls(item, (name) => dialect.functions.aggregates.has(name)),
  );
  return aggregated && !grouped && textOf(query, "aggregate_handling") !== "FORCE_AGGREGATES"
    ? "it aggregates everything into one row"
    : undefined;
}

/** The select-list expression of an output column. */
function keyExpression(query: SyntaxNode, column: string): SyntaxNode | undefined {
  return nodesOf(query, "select_list").find((item) => outputName(item).toLowerCase() === column.toLowerCase());
}

function outputName(item: SyntaxNode): string {
  const alias = textOf(item, "alias");
  if (alias !== "" || textOf(item, "class") !== "COLUMN_REF") return alias;
  const names = item["column_names"];
  return Array.isArray(names) ? String(names.at(-1)) : "";
}

function has(node: SyntaxNode, expressionClass: string): boolean {
  let found = false;
  walk(node, (below) => {
    found ||= textOf(below, "class") === expressionClass;
    return !found;
  });
  return found;
}

function calls(node: SyntaxNode, matches: (name: string) => boolean): boolean {
  let found = false;
  walk(node, (below) => {
    found ||= textOf(below, "class") === "FUNCTION" && matches(textOf(below, "function_name").toLowerCase());
    return !found;
  });
  return found;
}
