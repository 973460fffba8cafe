// The ledger: one immutable row per batch, written in the batch's own transaction. A batch that is not here never happened.
import {
  MillraceError,
  stringifyExact,
  type BatchReport,
  type ContentEncoding,
  type Cursor,
  type DecodeFormat,
  type LoadResult,
  type ObjectRef,
  type SqlValue,
  type Warehouse,
  type WriteMode,
  type WriteTransaction,
} from "@millrace/core";
import { cursorText, parseCursor } from "./cursor.ts";
import { msText, records, toBigint, toMs, toText } from "./sql-values.ts";

/** One raw object of a batch; `path` when it is one file. */
export interface LedgerObject {
  readonly ref: ObjectRef;
  readonly encoding: ContentEncoding;
  readonly path?: string;
  /** Records that the file's manifest promises. */
  readonly rows?: number;
}

/** What is needed to load the batch again. */
export interface LedgerSource {
  readonly format?: DecodeFormat;
  readonly write: WriteMode;
  readonly objects: readonly LedgerObject[];
  /** The batch that a replay repeats. */
  readonly origin?: string;
  /** The caller's own name of a replay: asked for again under it, it is not done again. */
  readonly request?: string;
  /** All batches of the arrival, when it was loaded in parts. */
  readonly parts?: readonly string[];
}

export interface LedgerEntry extends BatchReport {
  readonly domain: string;
  readonly name: string;
  readonly contractVersion: bigint;
  readonly seq: bigint;
  readonly before: Cursor;
  readonly after: Cursor;
  readonly source: LedgerSource;
  /** Part of `quarantined` that waits for a parent; known only while the batch is made. */
  readonly held: bigint;
}

const COLUMNS = `batch, channel, stream, domain, table_name, kind, contract_version, received, accepted, quarantined, duplicate, replaced, bytes,
  seq, cursor_before, cursor_after, objects, started_at, committed_at`;

/** @throws MillraceError counts-disagree, which rolls the batch back */
export function checkCounts(batch: bigint, counts: LoadResult): void {
  const parts = counts.accepted + counts.quarantined + counts.duplicate;
  if (counts.received === parts && counts.held <= counts.quarantined) return;
  throw new MillraceError(
    "counts-disagree",
    `Batch ${batch}: received ${counts.received} is not accepted ${counts.accepted} + quarantined ${counts.quarantined} + duplicate ${counts.duplicate}.`,
    { details: { batch: String(batch) } },
  );
}

export async function insertEntry(tx: WriteTransaction, entry: LedgerEntry): Promise<void> {
  const values: SqlValue[] = [
    entry.batch,
    entry.channel,
    entry.stream,
    entry.domain,
    entry.name,
    entry.kind,
    entry.contractVersion,
    entry.received,
    entry.accepted,
    entry.quarantined,
    entry.duplicate,
    entry.replaced,
    entry.bytes,
    entry.seq,
    cursorText(entry.before),
    cursorText(entry.after),
    stringifyExact(entry.source),
    msText(entry.startedMs),
    msText(entry.committedMs),
  ];
  await tx.run(`INSERT INTO millrace.ledger (${COLUMNS}) VALUES (${values.map(() => "?").join(", ")})`, values);
}

/** @throws MillraceError batch-not-found */
export async function readEntry(reader: Pick<Warehouse, "query">, batch: bigint): Promise<LedgerEntry> {
  const found = records(await reader.query(`SELECT ${COLUMNS} FROM millrace.ledger WHERE batch = ?`, [batch]));
  if (found[0] === undefined)
    throw new MillraceError("batch-not-found", `There is no batch ${batch} in the ledger.`, {
      hint: "List the batches with: millrace status --batches. Old event batches are folded into daily sums and cannot be replayed.",
    });
  return toEntry(found[0]);
}

/** What was done before for this request; undefined when nothing was. */
export async function findReplay(reader: Pick<Warehouse, "query">, request: string): Promise<LedgerEntry | undefined> {
  const sql = `SELECT ${COLUMNS} FROM millrace.ledger WHERE kind = 'replay' AND json_extract_string(objects, '$.request') = ? LIMIT 1`;
  const [row] = records(await reader.query(sql, [request]));
  return row === undefined ? undefined : toEntry(row);
}

/** Newest first. */
export async function readEntries(
  reader: Pick<Warehouse, "query">,
  options: { readonly channel?: string; readonly kind?: string; readonly limit: number },
): Promise<readonly LedgerEntry[]> {
  const conditions: string[] = [];
  const params: SqlValue[] = [];
  for (const column of ["channel", "kind"] as const) {
    const value = options[column];
    if (value === undefined) continue;
    conditions.push(`${column} = ?`);
    params.push(value);
  }
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const sql = `SELECT ${COLUMNS} FROM millrace.ledger ${where} ORDER BY batch DESC LIMIT ${Math.trunc(options.limit)}`;
  return records(await reader.query(sql, params)).map(toEntry);
}

/** The public part of a ledger row. */
export function toReport(entry: LedgerEntry): BatchReport {
  return {
    batch: entry.batch,
    channel: entry.channel,
    stream: entry.stream,
    table: entry.table,
    kind: entry.kind,
    received: entry.received,
    accepted: entry.accepted,
    quarantined: entry.quarantined,
    duplicate: entry.duplicate,
    replaced: entry.replaced,
    bytes: entry.bytes,
    startedMs: entry.startedMs,
    committedMs: entry.committedMs,
  };
}

function toEntry(row: Record<string, SqlValue>): LedgerEntry {
  const domain = toText(row["domain"]);
  const name = toText(row["table_name"]);
  return {
    batch: toBigint(row["batch"]),
    channel: toText(row["channel"]),
    stream: toText(row["stream"]),
    table: `${domain}.${name}`,
    domain,
    name,
    kind: toText(row["kind"]) as BatchReport["kind"],
    contractVersion: toBigint(row["contract_version"]),
    received: toBigint(row["received"]),
    accepted: toBigint(row["accepted"]),
    quarantined: toBigint(row["quarantined"]),
    duplicate: toBigint(row["duplicate"]),
    replaced: toBigint(row["replaced"]),
    bytes: toBigint(row["bytes"]),
    seq: toBigint(row["seq"]),
    before: parseCursor(row["cursor_before"]),
    after: parseCursor(row["cursor_after"]),
    held: 0n,
    source: JSON.parse(toText(row["objects"])) as LedgerSource,
    startedMs: toMs(row["started_at"]),
    committedMs: toMs(row["committed_at"]),
  };
}
