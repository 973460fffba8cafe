// Which tables a statement reads, from the engine's own parser. Nothing is run.
import type { DuckDBConnection } from "@duckdb/node-api";
import { MillraceError, type StatementAnalysis, type TableReference } from "@millrace/core";
import { select } from "./statement-runner.ts";
import { asText } from "./values.ts";

interface SerializedStatements {
  readonly error: boolean;
  readonly error_type?: string;
  readonly error_message?: string;
  readonly position?: string;
  readonly statements?: readonly unknown[];
}

/** @throws MillraceError query-invalid with the position of the fault */
export async function analyzeStatement(connection: DuckDBConnection, sql: string): Promise<StatementAnalysis> {
  const answer = await select(connection, "SELECT json_serialize_sql(CAST(? AS VARCHAR))", [sql]);
  const tree = JSON.parse(asText(answer.rows[0]?.[0])) as SerializedStatements;
  if (tree.error && tree.error_type === "not implemented") return { kind: "other", tables: [], tableFunctions: [] };
  if (tree.error) throw invalid(sql, tree);
  const statements = tree.statements ?? [];
  if (statements.length !== 1) return { kind: "other", tables: [], tableFunctions: [] };
  const found: Found = { tables: new Map(), tableFunctions: new Set() };
  walk(statements[0], new Set(), found);
  return { kind: "select", tables: [...found.tables.values()], tableFunctions: [...found.tableFunctions] };
}

function invalid(sql: string, tree: SerializedStatements): MillraceError {
  const at = Number(tree.position ?? Number.NaN);
  const line = Number.isNaN(at) ? undefined : sql.slice(0, at).split("\n").length;
  const place = line === undefined ? "" : ` (line ${line}, character ${at - sql.lastIndexOf("\n", at - 1)})`;
  return new MillraceError(
    "query-invalid",
    `${tree.error_message ?? "The statement cannot be parsed."}${place}`,
    line === undefined ? {} : { details: { position: at, line } },
  );
}

type Node = Readonly<Record<string, unknown>>;

interface Found {
  readonly tables: Map<string, TableReference>;
  readonly tableFunctions: Set<string>;
}

/** Collects base tables and table functions; names of common table expressions hide tables of the same name inside their query. */
function walk(node: unknown, hidden: ReadonlySet<string>, found: Found): void {
  if (Array.isArray(node)) {
    for (const item of node) walk(item, hidden, found);
    return;
  }
  if (typeof node !== "object" || node === null) return;
  const inner = withOwnNames(node as Node, hidden);
  if ((node as Node)["type"] === "BASE_TABLE") collect(node as Node, inner, found.tables);
  if ((node as Node)["type"] === "TABLE_FUNCTION") found.tableFunctions.add(functionName(node as Node));
  for (const value of Object.values(node)) walk(value, inner, found);
}

function functionName(node: Node): string {
  return asText((node["function"] as Node | undefined)?.["function_name"] as string | undefined).toLowerCase();
}

function withOwnNames(node: Node, hidden: ReadonlySet<string>): ReadonlySet<string> {
  const entries = (node["cte_map"] as { readonly map?: readonly { readonly key: string }[] } | undefined)?.map ?? [];
  return entries.length === 0 ? hidden : new Set([...hidden, ...entries.map((entry) => entry.key.toLowerCase())]);
}

function collect(node: Node, hidden: ReadonlySet<string>, tables: Map<string, TableReference>): void {
  const name = asText(node["table_name"] as string | undefined);
  const domain = asText(node["schema_name"] as string | undefined);
  if (domain === "" && hidden.has(name.toLowerCase())) return;
  tables.set(`${domain}.${name}`.toLowerCase(), domain === "" ? { name } : { domain, name });
}
