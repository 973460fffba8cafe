// What is due: compares a table's present version with what was made due before, and enters the difference into the outbox, all in one transaction.
// The table's version is what makes it exact: one look per version, and a look that was cut off never happened. See docs/adr for the decision.
import {
  MillraceError,
  type Clock,
  type DeliveryDefinition,
  type Warehouse,
  type WriteTransaction,
} from "@millrace/core";
import { nowText, toBigint } from "../load/sql-values.ts";
import { quotedText } from "../quarantine/record-sql.ts";
import type { DeliveryRecord, DeliveryStore, SeenState } from "./delivery-store.ts";
import { relationOf, sourceKeys, sourceRows, type SourceShape } from "./source-sql.ts";

export interface DueParts {
  readonly delivery: DeliveryDefinition;
  readonly store: DeliveryStore;
  readonly clock: Clock;
  readonly shape: SourceShape;
  /** Of what is sent and what tells rows apart. */
  readonly fingerprint: string;
  /** Destinations that take files get all rows of a version in one parcel. */
  readonly takesFiles: boolean;
  /** Pending rows beyond which no more are made due; a look goes on when they are sent. */
  readonly pendingMax: number;
  /** Rows of a snapshot that is sent row by row. */
  readonly snapshotRowsMax: number;
}

export interface Found {
  readonly due: bigint;
  /** More is due: look again when there is room. */
  readonly more: boolean;
}

const nothing: Found = { due: 0n, more: false };

/** @throws MillraceError delivery-key-not-unique, delivery-too-large, batch-fenced, query-*, warehouse-* */
export function findDue(parts: DueParts): Promise<Found> {
  return parts.store.write(async (tx) => {
    const record = await parts.store.read(tx);
    const source = await sourceState(tx, parts);
    if (source === undefined || isSeen(record.seen, source)) return nothing;
    return parts.delivery.send === "snapshot"
      ? snapshotDue(tx, parts, { record, source })
      : changesDue(tx, parts, { record, source });
  });
}

type Source = Omit<SeenState, "more">;

interface Look {
  readonly record: DeliveryRecord;
  readonly source: Source;
}

async function sourceState(tx: WriteTransaction, { shape, fingerprint }: DueParts): Promise<Source | undefined> {
  const sql = "SELECT version, rewrites, batch FROM millrace.tables WHERE domain = ? AND name = ?";
  const [row] = (await tx.query(sql, [shape.table.domain, shape.table.name])).rows;
  if (row === undefined) return undefined;
  const [version, rewrites, batch] = row.map((value) => String(toBigint(value)));
  return { version: version ?? "", rewrites: rewrites ?? "", batch: batch ?? "", fingerprint };
}

function isSeen(seen: SeenState | undefined, source: Source): boolean {
  return seen?.version === source.version && seen.fingerprint === source.fingerprint && !seen.more;
}

async function changesDue(tx: WriteTransaction, parts: DueParts, { record, source }: Look): Promise<Found> {
  const { delivery, shape, store, takesFiles, pendingMax } = parts;
  const name = quotedText(store.name);
  const pending = await count(tx, `FROM millrace.outbox WHERE delivery = ${name} AND state = 'pending'`);
  const room = takesFiles ? BigInt(delivery.batch.rows) : BigInt(pendingMax) - pending;
  if (room <= 0n) return { due: 0n, more: true };
  const keyColumns = shape.key.map((column) => column.name).join(",");
  if (record.keyColumns !== keyColumns)
    await tx.run("DELETE FROM millrace.delivery_keys WHERE delivery = ?", [store.name]);
  await requireUnique(tx, shape, store.name);
  await tx.run(`CREATE OR REPLACE TEMP TABLE delivery_due AS ${dueRows(parts, { record, source }, room + 1n)}`);
  const found = await count(tx, "FROM delivery_due");
  const more = found > room;
  if (more) await tx.run(`DELETE FROM delivery_due WHERE n >= ${room}`);
  const due = more ? room : found;
  await enter(tx, parts, record);
  await noteKeys(tx, parts, record.version + 1n);
  await tx.run("DROP TABLE delivery_due");
  await conclude(tx, parts, { record, source }, { due, more, keyColumns });
  return { due, more };
}

/** Rows whose payload is another than the one that was made due last, in the order in which they came; then keys that are gone. */
function dueRows({ delivery, shape, store }: DueParts, { record, source }: Look, limit: bigint): string {
  const { seen } = record;
  const comparable = seen?.fingerprint === source.fingerprint && !seen.more;
  // Rows of a table that are new or changed carry a newer batch; of a model, every row is compared.
  const since = comparable && shape.table.kind === "table" ? `_batch > ${seen.batch}` : undefined;
  const known = `(SELECT key, hash FROM millrace.delivery_keys WHERE delivery = ${quotedText(store.name)})`;
  const changed = `SELECT s.key, s.payload, md5(s.payload) AS hash, 'upsert' AS operation, s.place
    FROM (${sourceRows(shape, since)}) AS s LEFT JOIN ${known} AS k ON k.key = s.key WHERE k.hash IS DISTINCT FROM md5(s.payload)`;
  const mayHaveLeft = !comparable || seen.rewrites !== source.rewrites;
  const gone = `SELECT k.key, k.key AS payload, '' AS hash, 'delete' AS operation, NULL AS place FROM ${known} AS k
    WHERE k.hash <> '' AND k.key NOT IN (${sourceKeys(shape)})`;
  const all = delivery.deletions && mayHaveLeft ? `${changed} UNION ALL ${gone}` : changed;
  return `SELECT * FROM (SELECT row_number() OVER (ORDER BY operation DESC, place, key) - 1 AS n, key, payload, hash, operation FROM (${all})) WHERE n < ${limit}`;
}

/** Rows of one operation side by side in parcels, by number and by bytes. */
async function enter(tx: WriteTransaction, parts: DueParts, record: DeliveryRecord): Promise<void> {
  const { delivery, store, takesFiles, clock } = parts;
  const { rows, bytes } = delivery.batch;
  const parcel = takesFiles
    ? "0"
    : `min(n) OVER (PARTITION BY operation, (place - 1) // ${rows}, (total - 1) // ${bytes})`;
  await tx.run(
    `INSERT INTO millrace.outbox (delivery, seq, parcel, key, version, operation, payload, state, attempts, due_at)
      SELECT ?, ${record.nextSeq} + n, ${record.nextSeq} + ${parcel}, key, ${record.version + 1n}, operation, payload, 'pending', 0, ?
      FROM (SELECT *, row_number() OVER w AS place, sum(strlen(payload)) OVER w AS total FROM delivery_due WINDOW w AS (PARTITION BY operation ORDER BY n))`,
    [store.name, nowText(clock)],
  );
}

async function noteKeys(tx: WriteTransaction, { store }: DueParts, version: bigint): Promise<void> {
  const own = `delivery = ${quotedText(store.name)}`;
  await tx.run(
    `INSERT INTO millrace.delivery_keys (delivery, key, version, hash) SELECT ?, d.key, ${version}, d.hash FROM delivery_due AS d
      WHERE d.key NOT IN (SELECT key FROM millrace.delivery_keys WHERE ${own})`,
    [store.name],
  );
  await tx.run(
    `UPDATE millrace.delivery_keys AS k SET version = ${version}, hash = d.hash FROM delivery_due AS d WHERE k.${own} AND k.key = d.key AND k.version < ${version}`,
  );
}

async function snapshotDue(tx: WriteTransaction, parts: DueParts, { record, source }: Look): Promise<Found> {
  const { shape, store, takesFiles, snapshotRowsMax, clock } = parts;
  const rows = takesFiles ? 1n : await count(tx, `FROM ${relationOf(shape)}`);
  if (rows > BigInt(snapshotRowsMax))
    throw new MillraceError(
      "delivery-too-large",
      `Delivery ${store.name}: the snapshot has ${rows} rows; row by row at most ${snapshotRowsMax} are sent.`,
    );
  const superseded = await tx.run("DELETE FROM millrace.outbox WHERE delivery = ?", [store.name]);
  if (takesFiles)
    await tx.run(
      `INSERT INTO millrace.outbox (delivery, seq, parcel, key, version, operation, state, attempts, due_at) VALUES (?, ?, ?, '{}', ?, 'snapshot', 'pending', 0, ?)`,
      [store.name, record.nextSeq, record.nextSeq, record.version + 1n, nowText(clock)],
    );
  else {
    const numbered = `SELECT row_number() OVER (ORDER BY place, key) - 1 AS n, key, payload, 'upsert' AS operation FROM (${sourceRows(shape)})`;
    await tx.run(`CREATE OR REPLACE TEMP TABLE delivery_due AS ${numbered}`);
    await enter(tx, parts, record);
    await tx.run("DROP TABLE delivery_due");
  }
  await store.change(tx, "superseded = superseded + ?", [BigInt(superseded)]);
  await conclude(tx, parts, { record, source }, { due: rows, more: false, keyColumns: record.keyColumns });
  return { due: rows, more: false };
}

async function conclude(
  tx: WriteTransaction,
  { store }: DueParts,
  { source }: Look,
  { due, more, keyColumns }: Found & { readonly keyColumns: string },
): Promise<void> {
  const seen: SeenState = { ...source, more };
  const step = due === 0n ? 0n : 1n;
  await store.change(tx, "seen = ?, key_columns = ?, version = version + ?, next_seq = next_seq + ?, due = due + ?", [
    JSON.stringify(seen),
    keyColumns,
    step,
    due,
    due,
  ]);
}

async function requireUnique(tx: WriteTransaction, shape: SourceShape, name: string): Promise<void> {
  if (shape.isUnique) return;
  const key = shape.key.map((column) => column.name);
  const keys = `FROM (SELECT count(*) AS rows FROM (${sourceKeys(shape)}) GROUP BY key HAVING rows > 1)`;
  const doubled = await count(tx, keys);
  if (doubled === 0n) return;
  throw new MillraceError(
    "delivery-key-not-unique",
    `Delivery ${name}: ${doubled} values of its key (${key.join(", ")}) stand in more than one row of ${shape.table.domain}.${shape.table.name}.`,
    { details: { delivery: name, values: Number(doubled) } },
  );
}

async function count(tx: Pick<Warehouse, "query">, from: string): Promise<bigint> {
  return toBigint((await tx.query(`SELECT count(*) ${from}`)).rows[0]?.[0]);
}
