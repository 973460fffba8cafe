// DuckDB's own parser and printer, reached through the Warehouse port: the tree that the engine gives is the tree that it takes back.
import { MillraceError, type SqlValue, type Warehouse } from "@millrace/core";
import type { FunctionFacts, ParseOutcome, SqlDialect } from "./dialect.ts";
import { nodeOf, nodesOf, parseTree, textOf, type SyntaxNode } from "./syntax-tree.ts";

/** What the dialect asks of a warehouse. */
export type DialectEngine = Pick<Warehouse, "query" | "describe">;

const statementsPerQuery = 500;
const textsOfParameter = `SELECT unnest(from_json($1::VARCHAR, '["VARCHAR"]')) AS text`;

/** Spelled without parentheses, or not marked by the engine although they read the clock or the session. */
const alsoVolatile = [
  "current_date",
  "current_localtime",
  "current_localtimestamp",
  "current_role",
  "current_setting",
  "current_time",
  "current_timestamp",
  "current_user",
  "getenv",
  "getvariable",
  "localtime",
  "localtimestamp",
  "session_user",
  "user",
];

/** Reads the engine's list of functions once; afterwards parsing and printing cost one query per 500 statements. */
export async function openDuckDbDialect(engine: DialectEngine): Promise<SqlDialect> {
  const template = await parseAll(engine, ["SELECT 1"]);
  const select = template[0]?.ok === true ? template[0].query : undefined;
  if (select === undefined) throw new MillraceError("internal", "the engine cannot parse itself");
  return {
    functions: await readFunctions(engine),
    parse: (statements) => parseAll(engine, statements),
    print: (queries) => printAll(engine, queries),
    printExpressions: async (expressions) => {
      const empty = { type: "EMPTY", alias: "", sample: null };
      const queries = expressions.map((expression) => ({
        ...select,
        from_table: empty,
        select_list: [{ ...expression, alias: "" }],
      }));
      return (await printAll(engine, queries)).map((text) => text.replace(/^SELECT /, ""));
    },
    describe: (sql) => engine.describe(sql),
  };
}

async function parseAll(engine: DialectEngine, statements: readonly string[]): Promise<ParseOutcome[]> {
  const sql = `SELECT CAST(json_serialize_sql(text) AS VARCHAR) FROM (${textsOfParameter})`;
  const texts = await inBulk(engine, sql, statements);
  return texts.map((text) => outcome(parseTree(text)));
}

function outcome(parsed: SyntaxNode): ParseOutcome {
  if (parsed["error"] === true) {
    const position = Number(textOf(parsed, "position") || Number.NaN);
    return {
      ok: false,
      message: textOf(parsed, "error_message"),
      ...(Number.isSafeInteger(position) ? { position } : {}),
    };
  }
  const statements = nodesOf(parsed, "statements");
  const query = statements[0] === undefined ? undefined : nodeOf(statements[0], "node");
  if (query === undefined) return { ok: false, message: "there is no statement" };
  if (statements.length > 1) return { ok: false, message: `one SELECT is expected; received ${statements.length}` };
  return { ok: true, query };
}

function printAll(engine: DialectEngine, queries: readonly SyntaxNode[]): Promise<string[]> {
  const sql = `SELECT json_deserialize_sql(CAST(text AS JSON)) FROM (${textsOfParameter})`;
  const statements = queries.map((node) =>
    JSON.stringify({ error: false, statements: [{ node, named_param_map: [] }] }),
  );
  return inBulk(engine, sql, statements);
}

async function inBulk(engine: DialectEngine, sql: string, texts: readonly string[]): Promise<string[]> {
  const answers: string[] = [];
  for (let at = 0; at < texts.length; at += statementsPerQuery) {
    const part = texts.slice(at, at + statementsPerQuery);
    const result = await engine.query(sql, [JSON.stringify(part)]);
    if (result.rows.length !== part.length)
      throw new MillraceError("internal", `the parser answered ${result.rows.length} of ${part.length} statements`);
    answers.push(...result.rows.map((row) => text(row[0])));
  }
  return answers;
}

function text(value: SqlValue | undefined): string {
  return typeof value === "string" ? value : "";
}

async function readFunctions(engine: DialectEngine): Promise<FunctionFacts> {
  const result = await engine.query(
    `SELECT lower(function_name), function_type, stability, lower(string_agg(macro_definition, ' '))
     FROM duckdb_functions()
     WHERE function_type IN ('aggregate', 'macro') OR stability <> 'CONSISTENT'
     GROUP BY ALL ORDER BY ALL`,
  );
  const aggregates = new Set<string>();
  const unstable = new Set(alsoVolatile);
  for (const [name, type, stability] of result.rows) {
    if (type === "aggregate") aggregates.add(text(name));
    else if (type !== "macro" && stability !== null && stability !== "CONSISTENT") unstable.add(text(name));
  }
  for (const [name, type, , definition] of result.rows) {
    if (type !== "macro") continue;
    const calls = [...text(definition).matchAll(/([a-z_][a-z0-9_]*)"?\s*\(/g)].map((match) => match[1] ?? "");
    if (calls.some((call) => aggregates.has(call))) aggregates.add(text(name));
    if (calls.some((call) => unstable.has(call))) unstable.add(text(name));
  }
  return { aggregates, volatile: unstable };
}
