// One partition of the log: its row in `partitions`, its table of entries, and the offsets that are in use.
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { MillraceError } from "@millrace/core";
import { createEntryTable } from "./log-schema.ts";
import type { ReadAnswer } from "./log-messages.ts";

interface EntryRow {
  readonly offset: bigint;
  readonly count: bigint;
  readonly received: bigint;
  /** JSON: count and bytes of each entry, one after the other. */
  readonly sizes: string;
  readonly payload: Uint8Array;
}

/** What one slice of a trim may delete: keeps each below a few tens of milliseconds, so that appends get their turn between. */
const sliceBytesMax = 16 * 1024 * 1024;
const sliceRowsMax = 2000;

export class PartitionTable {
  readonly id: number;
  readonly name: string;
  /** Oldest offset that is stored; always the start of an entry. */
  first: bigint;
  next: bigint;
  /** Receive time of the newest entry ever appended. */
  seenMicros: bigint;
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #from: StatementSync;
  readonly #last: StatementSync;
  readonly #oldest: StatementSync;
  readonly #delete: StatementSync;

  constructor(db: DatabaseSync, row: { id: number; name: string; first: bigint; next: bigint; seen: bigint }) {
    const table = `entries_${row.id}`;
    this.#db = db;
    this.id = row.id;
    this.name = row.name;
    this.#insert = db.prepare(`INSERT INTO ${table} (offset, count, received, sizes, payload) VALUES (?, ?, ?, ?, ?)`);
    this.#from = withBigInts(
      db.prepare(
        `SELECT * FROM ${table} WHERE offset >= coalesce((SELECT max(offset) FROM ${table} WHERE offset <= ?1), ?1) ORDER BY offset`,
      ),
    );
    this.#last = withBigInts(
      db.prepare(`SELECT offset, count, received, sizes FROM ${table} WHERE offset < ? ORDER BY offset DESC LIMIT 1`),
    );
    this.#oldest = withBigInts(
      db.prepare(
        `SELECT offset, count, length(payload) AS bytes FROM ${table} WHERE offset < ? ORDER BY offset LIMIT ${sliceRowsMax}`,
      ),
    );
    this.#delete = db.prepare(`DELETE FROM ${table} WHERE offset < ?`);
    const last = this.#last.get(2n ** 63n - 1n) as unknown as EntryRow | undefined;
    this.first = row.first;
    this.next = last === undefined || last.offset + last.count < row.next ? row.next : last.offset + last.count;
    this.seenMicros = last === undefined || last.received < row.seen ? row.seen : last.received;
  }

  static create(db: DatabaseSync, name: string): PartitionTable {
    const added = db.prepare("INSERT INTO partitions (name, first, next, seen) VALUES (?, 0, 0, 0)").run(name);
    createEntryTable(db, Number(added.lastInsertRowid));
    return new PartitionTable(db, { id: Number(added.lastInsertRowid), name, first: 0n, next: 0n, seen: 0n });
  }

  /** Writes the row; `next` moves only when the caller has committed. */
  insert(entry: {
    readonly offset: bigint;
    readonly count: number;
    readonly receivedAtMicros: bigint;
    readonly sizes: readonly number[];
    readonly payload: Uint8Array;
  }): void {
    this.#insert.run(entry.offset, entry.count, entry.receivedAtMicros, JSON.stringify(entry.sizes), entry.payload);
  }

  /** Whole entries from `from` on: at least one when any exists, then up to `bytesMax`. */
  read(from: bigint, bytesMax: number): ReadAnswer {
    this.#requireStored(from);
    const blobs: Uint8Array[] = [];
    const entries: ReadAnswer["entries"][number][] = [];
    let bytes = 0;
    for (const row of this.#from.iterate(from) as unknown as Iterable<EntryRow>) {
      blobs.push(row.payload);
      for (const entry of entriesOf(row)) {
        if (entry.offset + BigInt(entry.count) <= from) continue;
        const size = entry.end - entry.start;
        if (entries.length > 0 && bytes + size > bytesMax) return { blobs, entries };
        entries.push({ ...entry, receivedAtMicros: row.received, blob: blobs.length - 1 });
        bytes += size;
      }
      if (bytes >= bytesMax) break;
    }
    return { blobs, entries };
  }

  /** Moves `first` up to the last end of an entry at or before `before`. Rows behind it go slice by slice, see `sweep`. */
  forget(before: bigint): void {
    if (before > this.next) throw outOfRange(this, before);
    const row = this.#last.get(before) as unknown as EntryRow | undefined;
    if (row === undefined || before <= this.first) return;
    const ends = entriesOf(row).map((entry) => entry.offset + BigInt(entry.count));
    const first = ends.findLast((end) => end <= before) ?? row.offset;
    if (first <= this.first) return;
    this.#db
      .prepare("UPDATE partitions SET first = ?, next = ?, seen = ? WHERE id = ?")
      .run(first, this.next, this.seenMicros, this.id);
    this.first = first;
  }

  /** Deletes one slice of forgotten rows; true when more are left. */
  sweep(): boolean {
    const rows = this.#oldest.all(this.first) as unknown as { offset: bigint; count: bigint; bytes: bigint }[];
    const whole = rows.filter((row) => row.offset + row.count <= this.first);
    let bytes = 0;
    let taken = 0;
    for (const row of whole) {
      taken += 1;
      bytes += Number(row.bytes);
      if (bytes >= sliceBytesMax) break;
    }
    const last = whole[taken - 1];
    if (last !== undefined) this.#delete.run(last.offset + last.count);
    return taken < whole.length || rows.length === sliceRowsMax;
  }

  #requireStored(from: bigint): void {
    if (from < this.first || from > this.next) throw outOfRange(this, from);
  }
}

/** The stored part of a partition does not reach `offset`. */
export function outOfRange(
  range: { readonly name: string; readonly first: bigint; readonly next: bigint },
  offset: bigint,
): MillraceError {
  return new MillraceError(
    "log-offset-out-of-range",
    `Offset ${offset} of ${range.name} is outside the event log, which holds ${range.first} to ${range.next}.`,
    {
      details: { partition: range.name, offset: String(offset), first: String(range.first), next: String(range.next) },
    },
  );
}

function withBigInts(statement: StatementSync): StatementSync {
  statement.setReadBigInts(true);
  return statement;
}

function entriesOf(
  row: Pick<EntryRow, "offset" | "sizes">,
): { offset: bigint; count: number; start: number; end: number }[] {
  const sizes = JSON.parse(row.sizes) as number[];
  const entries: { offset: bigint; count: number; start: number; end: number }[] = [];
  let offset = row.offset;
  let start = 0;
  for (let at = 0; at + 1 < sizes.length; at += 2) {
    const count = sizes[at] ?? 0;
    const end = start + (sizes[at + 1] ?? 0);
    entries.push({ offset, count, start, end });
    offset += BigInt(count);
    start = end;
  }
  return entries;
}
