// Plain names become full ones: the model's own domain first, then `domain.table` as written.
import { didYouMean, type MillraceError, type ModelSource } from "@millrace/core";
import { modelError } from "../model/parse-model.ts";
import { referencesOf, tableFunctionsOf, type NamedUse, type TableOccurrence } from "../sql/references.ts";
import { copyTree, textOf, textsOf, type SyntaxNode } from "../sql/syntax-tree.ts";

/** SQL text and the line of the file where it begins. */
export interface PlacedSql {
  readonly sql: string;
  readonly sqlLine: number;
}

export interface ResolvedStatement {
  /** The tree with every table in full. */
  readonly query: SyntaxNode;
  /** Full names, sorted, each once. */
  readonly inputs: readonly string[];
}

/** Functions that make rows of their arguments. All others read something that is no table of the warehouse. */
const rowFunctions: ReadonlySet<string> = new Set([
  "generate_series",
  "generate_subscripts",
  "range",
  "repeat",
  "unnest",
]);

export interface ResolveContext {
  readonly source: ModelSource;
  /** Full names of all tables and models, lower case to as declared. */
  readonly known: ReadonlyMap<string, string>;
  /** A check may read the model that it belongs to; the model itself may not. */
  readonly mayReadItself: boolean;
}

/** @throws MillraceError model-invalid */
export function resolveTables(context: ResolveContext, placed: PlacedSql, query: SyntaxNode): ResolvedStatement {
  const { source, known } = context;
  const references = referencesOf(query);
  refuseForeign(source, placed, tableFunctionsOf(query), references.cteNames);
  const full = new Map<SyntaxNode, string>();
  for (const table of references.tables) {
    const found = known.get(`${table.domain ?? source.domain}.${table.name}`.toLowerCase());
    if (found === undefined) throw unknownTable(source, lineOf(placed, table.position), table, [...known.values()]);
    if (!context.mayReadItself && found === `${source.domain}.${source.name}`)
      throw modelError(source, lineOf(placed, table.position), "the model reads itself");
    full.set(table.node, found);
  }
  const written = new Set(
    [...full].filter(([node]) => textOf(node, "alias") === "").map(([node]) => writtenName(node)),
  );
  const qualified = copyTree(query, (node) => {
    const name = full.get(node);
    if (name === undefined) return withoutSchema(node, written);
    const [domain = "", table = ""] = name.split(".");
    return { ...node, schema_name: domain, table_name: table };
  });
  return { query: qualified, inputs: [...new Set(full.values())].sort() };
}

function refuseForeign(
  source: ModelSource,
  placed: PlacedSql,
  functions: readonly NamedUse[],
  cteNames: readonly string[],
): void {
  const foreign = functions.find(({ name }) => !rowFunctions.has(name));
  if (foreign !== undefined)
    throw modelError(
      source,
      lineOf(placed, foreign.position),
      `${foreign.name} in FROM is refused: a model reads tables and models only; declare a channel for other sources`,
    );
  const reserved = cteNames.find((name) => name.startsWith("millrace_"));
  if (reserved !== undefined)
    throw modelError(
      source,
      placed.sqlLine,
      `the WITH name ${reserved} is reserved: names must not begin with millrace_`,
    );
}

function writtenName(node: SyntaxNode): string {
  return `${textOf(node, "schema_name")}.${textOf(node, "table_name")}`.toLowerCase();
}

/** `shop.sales.qty` as `sales.qty`, so that another table can stand in for `shop.sales`. */
function withoutSchema(node: SyntaxNode, written: ReadonlySet<string>): SyntaxNode | undefined {
  if (textOf(node, "class") !== "COLUMN_REF") return undefined;
  const names = textsOf(node, "column_names");
  if (names.length < 3 || !written.has(`${names[0] ?? ""}.${names[1] ?? ""}`.toLowerCase())) return undefined;
  return { ...node, column_names: names.slice(1) };
}

/** Line in the file of a byte position in the statement. */
export function lineOf(placed: PlacedSql, position: number | undefined): number {
  if (position === undefined) return placed.sqlLine;
  return placed.sqlLine + Buffer.from(placed.sql).subarray(0, position).toString().split("\n").length - 1;
}

function unknownTable(
  source: ModelSource,
  line: number,
  table: TableOccurrence,
  names: readonly string[],
): MillraceError {
  const written = table.domain === undefined ? table.name : `${table.domain}.${table.name}`;
  const own = names.filter((name) => name.startsWith(`${source.domain}.`));
  const elsewhere = names.find((name) => name.split(".")[1]?.toLowerCase() === table.name.toLowerCase());
  const candidates =
    table.domain === undefined ? [...own.map((name) => name.slice(source.domain.length + 1)), ...names] : names;
  const advice = elsewhere === undefined ? didYouMean(written, candidates) : `; did you mean "${elsewhere}"?`;
  return modelError(source, line, `there is no table or model "${written}"${advice}`);
}
