// `millrace query "<sql>"`: one SELECT, as a table for people or as CSV or JSON for programs.
import { Option } from "commander";
import type { Command } from "commander";
import type { QueryAnswer } from "../../admin/admin.ts";
import { command, CommandContext, wholeNumber, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";
import { formatCsv, formatTable } from "../table.ts";

interface QueryOptions extends CommonOptions {
  readonly format: "table" | "csv" | "json";
  readonly limit: number;
}

/** More go through GET /data/<domain>/<table>, which streams. */
const ROWS_MAX = 100_000;

export function queryCommand(io: Io): Command {
  return command("query", "run one SELECT over tables, models and system tables", [
    'query "SELECT * FROM sales.revenue_by_day"',
    'query --format csv "SELECT * FROM sales.sales" > sales.csv',
    'query --json "SELECT table_name, sum(accepted) AS rows FROM millrace.ledger GROUP BY ALL"',
  ])
    .argument("<sql>", "the statement")
    .addOption(
      new Option("-f, --format <format>", "table, csv or json").choices(["table", "csv", "json"]).default("table"),
    )
    .option("-l, --limit <rows>", "refuse larger answers", wholeNumber(1, ROWS_MAX), ROWS_MAX)
    .action(async (sql: string, options: QueryOptions) => {
      const json = options.json === true || options.format === "json";
      const context = new CommandContext(io, { ...options, json });
      const answer = await context.admin(false, (admin) =>
        admin.query(sql, { rowsMax: options.limit, signal: io.signal }),
      );
      if (options.format === "csv") io.out.write(formatCsv(names(answer), answer.rows));
      else context.answer(records(answer), () => tableText(answer));
    });
}

function names(answer: QueryAnswer): string[] {
  return answer.columns.map(({ name }) => name);
}

/** One object per row; a name that stands twice keeps its last value, as in any JSON object. */
function records(answer: QueryAnswer): Record<string, unknown>[] {
  return answer.rows.map((row) => Object.fromEntries(answer.columns.map(({ name }, at) => [name, row[at]])));
}

function tableText(answer: QueryAnswer): string {
  const count = answer.rows.length;
  return `${formatTable(names(answer), answer.rows)}\n(${count.toLocaleString("en-US")} ${count === 1 ? "row" : "rows"})`;
}
