// `millrace contract history`: every version of a table's contract, what it changed, where it came from and how many batches follow it.
import type { Command } from "commander";
import type { ContractChange } from "@millrace/core";
import { command, CommandContext, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";
import { changeLines } from "./contract-diff.ts";

interface ContractVersion {
  readonly table: string;
  readonly version: number | bigint;
  /** NULL for versions that were recorded before changes were. */
  readonly class: string | null;
  /** `project`, or `data` with the batch whose data brought it. */
  readonly origin: string;
  readonly batch: number | bigint | null;
  readonly changedAt: string;
  readonly batches: number | bigint;
  readonly changes: readonly ContractChange[];
}

const versionsMax = 10_000;

export function contractHistoryCommand(io: Io): Command {
  return command(
    "history",
    "every version of a contract: what it changed, where it came from, how many batches follow it",
    ["contract history sales.sales", "contract history --json | jq '.[] | {table, version, class}'"],
  )
    .argument("[table]", "domain.table; default: all")
    .action(async (table: string | undefined, options: CommonOptions) => {
      const context = new CommandContext(io, options);
      const { rows } = await context.admin(false, (admin) =>
        admin.query(historySql(table), { rowsMax: versionsMax, signal: io.signal }),
      );
      const versions = rows.map(toVersion);
      context.answer(versions, () =>
        versions.length === 0 ? "no contracts are stored" : versions.map(versionText).join("\n"),
      );
    });
}

function historySql(table: string | undefined): string {
  const where = table === undefined ? "" : `WHERE c.domain || '.' || c.name = '${table.replaceAll("'", "''")}'`;
  return `SELECT c.domain || '.' || c.name, c.version, c.class, c.origin, c.batch, c.changed_at, c.changes,
      (SELECT count(*) FROM millrace.ledger AS l WHERE l.domain = c.domain AND l.table_name = c.name AND l.contract_version = c.version)
    FROM millrace.contracts AS c ${where} ORDER BY 1, 2`;
}

type Whole = number | bigint;

function toVersion(row: readonly unknown[]): ContractVersion {
  const [table, version, changeClass, origin, batch, changedAt, changes, batches] = row as readonly [
    string,
    Whole,
    string | null,
    string,
    Whole | null,
    string,
    string | null,
    Whole,
  ];
  const parsed = changes === null ? [] : (JSON.parse(changes) as ContractChange[]);
  return { table, version, class: changeClass, origin, batch, changedAt, batches, changes: parsed };
}

function versionText(one: ContractVersion): string {
  const from = one.batch === null ? one.origin : `${one.origin} of batch ${one.batch}`;
  const followed = `${one.batches} ${Number(one.batches) === 1 ? "batch" : "batches"}`;
  const head = `${one.table} version ${one.version}: ${one.class ?? "unclassified"}, from ${from}, ${one.changedAt}, ${followed}`;
  return [head, ...changeLines(one.changes)].join("\n");
}
