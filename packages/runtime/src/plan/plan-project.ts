// Compares a project with what is stored and running, and says as data what adopting it would change. Changes nothing.
import {
  channelName,
  toMillraceError,
  type ChannelDefinition,
  type ErrorReport,
  type ProjectDefinition,
  type Warehouse,
} from "@millrace/core";
import { rollBack, wasRolledBack } from "../load/roll-back.ts";
import { toText } from "../load/sql-values.ts";
import { channelText } from "./channel-text.ts";
import { changedContracts, contractsOf, ensure, type DomainContract } from "./adopt-tables.ts";
import type { PlannedChange, ProjectPlan } from "./project-plan.ts";

export function projectPlan(changes: readonly PlannedChange[]): ProjectPlan {
  const conflicts = changes.map((change) => change.error).filter((error) => error !== undefined);
  return { changes, conflicts, empty: changes.length === 0 };
}

export function conflict(subject: PlannedChange["subject"], name: string, error: ErrorReport): PlannedChange {
  return { action: "conflict", subject, name, summary: error.message, error };
}

/** Tables: tried out in a transaction that is rolled back, so that the plan and the adoption can never disagree. */
export async function planTables(warehouse: Warehouse, project: ProjectDefinition): Promise<readonly PlannedChange[]> {
  const contracts = contractsOf(project);
  const changed = await changedContracts(warehouse, contracts);
  const changes = changed.length === 0 ? [] : await tryOut(warehouse, changed);
  const names = new Set(contracts.map(({ domain, contract }) => `${domain}.${contract.name}`));
  const stored = (await warehouse.tables()).filter((table) => table.kind === "table");
  const retired = stored.map((table) => `${table.domain}.${table.name}`).filter((name) => !names.has(name));
  return [...changes, ...retired.map((name) => retire("table", name, "its rows stay"))];
}

async function tryOut(warehouse: Warehouse, contracts: readonly DomainContract[]): Promise<readonly PlannedChange[]> {
  const changes: PlannedChange[] = [];
  const lanes = contracts.map(({ domain, contract }) => `${domain}.${contract.name}`);
  for (const [at, entry] of contracts.entries()) {
    const name = lanes[at] ?? "";
    const before = (await warehouse.table(entry.domain, entry.contract.name))?.columns.map((column) => column.name);
    try {
      await warehouse.write([name], async (tx) => {
        await ensure(tx, entry);
        rollBack();
      });
    } catch (error) {
      if (wasRolledBack(error)) changes.push(tableChange(entry, name, before));
      else changes.push(conflict("table", name, toMillraceError(error).toJSON()));
    }
  }
  return changes;
}

function tableChange(entry: DomainContract, name: string, before: readonly string[] | undefined): PlannedChange {
  const columns = entry.contract.columns.map((column) => column.name);
  if (before === undefined)
    return { action: "create", subject: "table", name, summary: `table ${name} is created`, columns };
  const known = new Set(before.map((column) => column.toLowerCase()));
  const added = columns.filter((column) => !known.has(column.toLowerCase()));
  if (added.length === 0)
    return {
      action: "change",
      subject: "table",
      name,
      summary: `the contract of ${name} changes; new batches follow it`,
    };
  return { action: "add-columns", subject: "table", name, summary: `${name} gets ${added.join(", ")}`, columns: added };
}

/** Channels against those that run now, or, without any, against those that have a cursor in the ledger. */
export async function planChannels(
  warehouse: Warehouse,
  next: readonly ChannelDefinition[],
  running: readonly ChannelDefinition[] | undefined,
): Promise<readonly PlannedChange[]> {
  const known = new Map<string, string | undefined>();
  for (const channel of running ?? []) known.set(channelName(channel), channelText(channel));
  if (running === undefined)
    for (const row of (await warehouse.query("SELECT DISTINCT channel FROM millrace.channels")).rows)
      known.set(toText(row[0]), undefined);
  const names = new Set(next.map(channelName));
  const changes = next.flatMap((channel): PlannedChange[] => {
    const name = channelName(channel);
    if (!known.has(name)) return [{ action: "create", subject: "channel", name, summary: `channel ${name} starts` }];
    const before = known.get(name);
    if (before === undefined || before === channelText(channel)) return [];
    return [
      { action: "change", subject: "channel", name, summary: `channel ${name} goes on with its new declaration` },
    ];
  });
  const gone = [...known.keys()].filter((name) => !names.has(name));
  return [...changes, ...gone.map((name) => retire("channel", name, "its cursor and its ledger stay"))];
}

function retire(subject: PlannedChange["subject"], name: string, what: string): PlannedChange {
  return { action: "retire", subject, name, summary: `${subject} ${name} is no longer in the project; ${what}` };
}
