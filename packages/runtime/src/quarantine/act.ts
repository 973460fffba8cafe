// What people do to quarantined rows: repair, re-admit, discard. In bounded parts, each one transaction; a dry run does the same and rolls back, so
// that a preview can never differ from what follows.
import { MillraceError, type ContractDefinition, type Warehouse, type WriteTransaction } from "@millrace/core";
import type { AdoptedTable, AdoptedTables } from "../load/adopted-tables.ts";
import type { BatchTransactions } from "../load/batch-transaction.ts";
import type { ChannelClaims } from "../load/channel-claims.ts";
import type { LedgerEntry } from "../load/ledger.ts";
import { rollBack } from "../load/roll-back.ts";
import { toBigint, toText, toTexts } from "../load/sql-values.ts";
import { storedContracts } from "../contracts/contract-versions.ts";
import { findAction, recordRows, type ActionPlace, type StoredAction } from "./action-log.ts";
import { Outcome } from "./outcome.ts";
import type { QuarantineOutcome, QuarantineRequest, QuarantineSample } from "./quarantine.ts";
import { holdStream, readmitRows, type ReadmissionParts } from "./readmit-rows.ts";
import { recordRelation, requireExpression } from "./record-sql.ts";
import { hidePersonalData } from "./redact.ts";
import { describeChange, planRepair, type Repair } from "./repairs.ts";
import { selectionSql, tableOf, type SelectionSql } from "./selection.ts";

export interface ActParts extends ReadmissionParts {
  readonly warehouse: Warehouse;
  readonly transactions: BatchTransactions;
  readonly claims: ChannelClaims;
  readonly tables: AdoptedTables;
  /** Rows that one transaction takes. */
  readonly readmitRowsMax: number;
}

/** An action that has been checked and can be carried out. */
interface Plan {
  readonly request: QuarantineRequest;
  readonly table: string;
  readonly selection: SelectionSql;
  /** Of the present project; discarding needs none. */
  readonly adopted: AdoptedTable | undefined;
  readonly contract: ContractDefinition | undefined;
  readonly repair: Repair | undefined;
}

const SAMPLES_MAX = 20;
/** Batches whose rows one transaction takes: each is re-admitted for itself, while the table's other writers wait. */
const BATCHES_MAX = 200;

/**
 * Errors: request-invalid, idempotency-conflict, quarantine-not-found, query-invalid, query-refused (nothing was written); those of the loader (parts that were committed stay,
 * and the same id goes on behind them).
 */
export async function actOnQuarantine(parts: ActParts, request: QuarantineRequest): Promise<QuarantineOutcome> {
  const before = await earlier(parts.warehouse, request);
  if (before !== undefined && before.last === undefined) return finished(before);
  const selection = selectionSql(request.selection, request.change);
  const table = before?.table ?? (await tableOf(parts.warehouse, request.selection, selection));
  const outcome = new Outcome(request, table);
  if (table === undefined) return outcome.report();
  const plan = await planAction(parts, request, { table, selection });
  for (let place: ActionPlace | undefined = FIRST; place !== undefined;)
    place = await doPart(parts, plan, { place, outcome });
  return outcome.report();
}

/** What was done before under the request's id. @throws MillraceError idempotency-conflict */
async function earlier(
  reader: Pick<Warehouse, "query">,
  request: QuarantineRequest,
): Promise<StoredAction | undefined> {
  const { id, kind, selection, dryRun } = request;
  const stored = dryRun === true ? undefined : await findAction(reader, id);
  if (stored === undefined || (stored.kind === kind && stored.table === (selection.table ?? stored.table)))
    return stored;
  throw new MillraceError(
    "idempotency-conflict",
    `Id "${id}" belongs to a ${stored.kind} of rows of ${stored.table}.`,
    {
      hint: "Use a new id for another action; nothing was changed.",
    },
  );
}

const FIRST: ActionPlace = { channel: "", batch: -1n, row: -1n };

async function planAction(
  parts: ActParts,
  request: QuarantineRequest,
  { table, selection }: { readonly table: string; readonly selection: SelectionSql },
): Promise<Plan> {
  const { warehouse, tables } = parts;
  const adopted = request.kind === "discard" ? tables.find(table) : tables.get(table);
  const contract = adopted?.contract ?? (await storedContract(warehouse, table));
  const { change, kind, selection: wanted } = request;
  if (kind === "discard" && (request.reason ?? "").trim() === "")
    throw new MillraceError("request-invalid", "Discarding needs a reason; nothing was changed.");
  if ((kind === "fix") !== (change !== undefined))
    throw new MillraceError("request-invalid", "A fix, and only a fix, has a change; nothing was changed.");
  if (wanted.where !== undefined) {
    if (contract === undefined) throw new MillraceError("request-invalid", `Nobody knows the columns of ${table}.`);
    await requireExpression(warehouse, contract, wanted.where);
  }
  const repair = change === undefined || contract === undefined ? undefined : planRepair(warehouse, contract, change);
  return { request, table, selection, adopted, contract, repair: await repair };
}

async function storedContract(warehouse: Warehouse, table: string): Promise<ContractDefinition | undefined> {
  const stored = (await storedContracts(warehouse)).get(table);
  return stored?.contract;
}

/**
 * One transaction; returns the place where the next one begins, undefined when this was the last. Where an action stands is read inside it: the same id
 * may be asked for twice at a time.
 */
async function doPart(
  parts: ActParts,
  plan: Plan,
  { place, outcome }: { readonly place: ActionPlace; readonly outcome: Outcome },
): Promise<ActionPlace | undefined> {
  const { request } = plan;
  const [domain = "", name = ""] = plan.table.split(".");
  let next: ActionPlace | undefined;
  await parts.transactions.run({ channel: "quarantine", domain, name }, async (tx) => {
    outcome.begin();
    const stored = await earlier(tx, request);
    if (stored !== undefined) outcome.goesOn(stored.rows, stored.readmitted);
    next = stored?.last;
    if (stored !== undefined && next === undefined) return [];
    const rows = await selectRows(tx, plan, next ?? place, parts.readmitRowsMax);
    const full = rows.length >= parts.readmitRowsMax || batchesOf(rows) >= BATCHES_MAX;
    next = full ? rows.at(-1) : undefined;
    const samples = request.dryRun === true && outcome.wantsSamples ? await sample(tx, plan) : [];
    const entries = rows.length === 0 ? [] : await change(tx, parts, plan, rows);
    await judge(tx, plan, outcome, BigInt(rows.length));
    if (samples.length > 0) outcome.show(await withOutcome(tx, plan, samples));
    if (request.dryRun === true) rollBack();
    const { id, kind, by, reason = "" } = request;
    const action = { id, kind, by, reason, table: plan.table, change: describeChange(request.change) };
    await recordRows(tx, action, { ...outcome.part, last: next });
    await tx.run("DROP TABLE quarantine_selected");
    return entries;
  });
  outcome.commit();
  return next;
}

function batchesOf(rows: readonly ActionPlace[]): number {
  return new Set(rows.map(({ channel, batch }) => `${channel}/${batch}`)).size;
}

/** Fills temp table `quarantine_selected` with the next rows behind `place`, in order. */
async function selectRows(
  tx: WriteTransaction,
  plan: Plan,
  place: ActionPlace,
  rowsMax: number,
): Promise<readonly ActionPlace[]> {
  const { where } = plan.request.selection;
  const condition = `${plan.selection.condition} AND domain || '.' || table_name = ? AND (channel, batch, row_no) > (?, ?, ?)`;
  const params = [...plan.selection.params, plan.table, place.channel, place.batch, place.row];
  const rows =
    where === undefined || plan.contract === undefined
      ? `SELECT channel AS _channel, batch AS _batch, row_no AS _row FROM millrace.quarantine WHERE ${condition}`
      : `SELECT _channel, _batch, _row FROM (${recordRelation(plan.contract, condition)}) WHERE (${where}\n)`;
  await tx.run(
    `CREATE OR REPLACE TEMP TABLE quarantine_selected AS
      SELECT * FROM (SELECT _channel AS channel, _batch AS batch, _row AS row_no FROM (${rows}) ORDER BY 1, 2, 3 LIMIT ${rowsMax})
      QUALIFY dense_rank() OVER (ORDER BY channel, batch) <= ${BATCHES_MAX}`,
    params,
  );
  const found = await tx.query(
    "SELECT channel, batch, row_no FROM quarantine_selected ORDER BY channel, batch, row_no",
  );
  return found.rows.map(([channel, batch, row]) => ({
    channel: toText(channel),
    batch: toBigint(batch),
    row: toBigint(row),
  }));
}

async function change(
  tx: WriteTransaction,
  parts: ActParts,
  plan: Plan,
  rows: readonly ActionPlace[],
): Promise<readonly LedgerEntry[]> {
  const { request, adopted, repair } = plan;
  if (request.kind === "discard") {
    await tx.run(
      `UPDATE millrace.quarantine SET state = 'discarded', resolved_batch = NULL, changed_at = now() WHERE ${SELECTED}`,
    );
    return [];
  }
  await repair?.(tx);
  if (adopted === undefined || !judges(request)) return [];
  const entries: LedgerEntry[] = [];
  for (const [channel, group] of Map.groupBy(rows, (row) => row.channel)) {
    const stream = await holdStream(tx, parts.claims, channel, adopted);
    entries.push(...(await readmitRows(tx, parts, { table: adopted, channel, stream }, group)));
  }
  return entries;
}

const SELECTED = "(batch, row_no) IN (SELECT batch, row_no FROM quarantine_selected)";

/** Whether the rows go through the contract: the preview of a fix shows their verdict too. */
function judges({ kind, readmit, dryRun }: QuarantineRequest): boolean {
  return kind === "readmit" || (kind === "fix" && (readmit === true || dryRun === true));
}

async function judge(tx: WriteTransaction, { request }: Plan, outcome: Outcome, rows: bigint): Promise<void> {
  if (!judges(request)) return outcome.count({ rows, readmitted: 0n });
  const passed = await tx.query(`SELECT count(*) FROM millrace.quarantine WHERE state = 'readmitted' AND ${SELECTED}`);
  const codes = await tx.query(
    `SELECT code, count(*) FROM (SELECT unnest(codes) AS code FROM millrace.quarantine WHERE state IN ('open', 'held') AND ${SELECTED}) GROUP BY code`,
  );
  const failing = codes.rows.map(([code, count]) => [toText(code), toBigint(count)] as const);
  outcome.count({ rows, readmitted: toBigint(passed.rows[0]?.[0]), failing });
}

async function sample(tx: WriteTransaction, { contract }: Plan): Promise<readonly QuarantineSample[]> {
  const found = await tx.query(
    `SELECT batch, row_no, coalesce(repaired, original) FROM millrace.quarantine WHERE ${SELECTED}
      ORDER BY channel, batch, row_no LIMIT ${SAMPLES_MAX}`,
  );
  return found.rows.map(([batch, row, record]) => {
    const before = hidePersonalData(toText(record), contract);
    return { batch: toBigint(batch), row: toBigint(row), before, after: before, state: "", codes: [] };
  });
}

async function withOutcome(
  tx: WriteTransaction,
  { contract }: Plan,
  samples: readonly QuarantineSample[],
): Promise<readonly QuarantineSample[]> {
  const shown: QuarantineSample[] = [];
  for (const one of samples) {
    const sql =
      "SELECT coalesce(repaired, original), state, codes FROM millrace.quarantine WHERE batch = ? AND row_no = ?";
    const [record, state, codes] = (await tx.query(sql, [one.batch, one.row])).rows[0] ?? [];
    const passed = state === "readmitted";
    const after = hidePersonalData(toText(record), contract);
    shown.push({ ...one, after, state: toText(state), codes: passed ? [] : toTexts(codes) });
  }
  return shown;
}

function finished(action: StoredAction): QuarantineOutcome {
  const { id, kind, table, rows, readmitted } = action;
  return { id, kind, table, rows, readmitted, dryRun: false };
}
