// Compares a project with what is stored and running, and says as data what adopting it would change. Changes nothing.
import {
  channelName,
  classify,
  contractChanges,
  MillraceError,
  toMillraceError,
  type ChannelDefinition,
  type ErrorReport,
  type ProjectDefinition,
  type StoredTable,
  type Warehouse,
} from "@millrace/core";
import { rollBack, wasRolledBack } from "../load/roll-back.ts";
import { toText } from "../load/sql-values.ts";
import { channelText } from "./channel-text.ts";
import type { DomainContract } from "../contracts/contract-versions.ts";
import { changedContracts, contractsOf, ensure, type ChangedContract } from "./adopt-tables.ts";
import type { PlannedChange, ProjectPlan } from "./project-plan.ts";

export function projectPlan(
  changes: readonly PlannedChange[],
  { rules, streams }: Pick<ProjectPlan, "rules" | "streams">,
): ProjectPlan {
  const conflicts = changes.map((change) => change.error).filter((error) => error !== undefined);
  return { changes, conflicts, rules, streams, empty: changes.length === 0 };
}

export function conflict(subject: PlannedChange["subject"], name: string, error: ErrorReport): PlannedChange {
  return { action: "conflict", subject, name, summary: error.message, error };
}

export interface PlannedTables {
  readonly changes: readonly PlannedChange[];
  /** Tables as they will be, where that is not what is stored. */
  readonly shapes: readonly StoredTable[];
}

/** Tables: tried out in transactions that are rolled back, so that the plan and the adoption can never disagree. */
export async function planTables(warehouse: Warehouse, project: ProjectDefinition): Promise<PlannedTables> {
  const contracts = contractsOf(project);
  const changes: PlannedChange[] = [];
  const shapes: StoredTable[] = [];
  for (const entry of await changedContracts(warehouse, contracts)) {
    const name = `${entry.domain}.${entry.contract.name}`;
    const before = await warehouse.table(entry.domain, entry.contract.name);
    try {
      const shape = await tryOut(warehouse, name, entry);
      shapes.push(shape);
      changes.push(tableChange(entry, name, before));
    } catch (error) {
      changes.push(conflict("table", name, toMillraceError(error).toJSON()));
    }
  }
  const names = new Set(contracts.map(({ domain, contract }) => `${domain}.${contract.name}`));
  const stored = (await warehouse.tables()).filter((table) => table.kind === "table");
  const retired = stored.map((table) => `${table.domain}.${table.name}`).filter((name) => !names.has(name));
  return { changes: [...changes, ...retired.map((name) => retire("table", name, "its rows stay"))], shapes };
}

async function tryOut(warehouse: Warehouse, name: string, entry: DomainContract): Promise<StoredTable> {
  let shape: StoredTable | undefined;
  try {
    await warehouse.write([name], async (tx) => {
      shape = await ensure(tx, entry);
      rollBack();
    });
  } catch (error) {
    if (shape === undefined || !wasRolledBack(error)) throw error;
  }
  if (shape === undefined) throw new MillraceError("internal", `Table ${name} could not be tried out.`);
  return shape;
}

function tableChange(entry: ChangedContract, name: string, before: StoredTable | undefined): PlannedChange {
  const columns = entry.contract.columns.map((column) => column.name);
  if (before === undefined)
    return { action: "create", subject: "table", name, summary: `table ${name} is created`, columns };
  const changes = entry.before === undefined ? [] : contractChanges(entry.before, entry.contract);
  const contract = { class: classify(changes), changes };
  const told = changes.map((change) => change.summary).join("; ");
  const known = new Set(before.columns.map((column) => column.name.toLowerCase()));
  const added = columns.filter((column) => !known.has(column.toLowerCase()));
  if (added.length > 0 && changes.every(({ change }) => change === "column-added"))
    return {
      action: "add-columns",
      subject: "table",
      name,
      summary: `${name} gets ${added.join(", ")}`,
      columns: added,
      contract,
    };
  const summary = `the contract of ${name} changes${told === "" ? "" : ` (${contract.class}: ${told})`}; new batches follow it`;
  return { action: "change", subject: "table", name, summary, contract };
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
