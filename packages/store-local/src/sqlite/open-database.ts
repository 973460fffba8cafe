// Opens a SQLite file the way all embedded stores want it: write-ahead log, full sync, ordered migrations.
import { DatabaseSync } from "node:sqlite";
import { MillraceError } from "@millrace/core";
import { sqliteError } from "./sqlite-errors.ts";

export interface DatabaseSettings {
  /** Page size of a new file; an existing file keeps its own. */
  readonly pageBytes: number;
  /** Memory for pages. */
  readonly cacheBytes: number;
  /** Length to which the write-ahead log shrinks when it starts again after a checkpoint. */
  readonly walBytesMax: number;
  /** Length at which a commit runs a checkpoint by itself; 0 leaves checkpoints to the caller. */
  readonly autoCheckpointBytes: number;
  /** Hard limit of the file; reaching it is `storage-full`. Unlimited without it. */
  readonly fileBytesMax?: number;
  /** How long a statement waits for another connection's lock. */
  readonly busyTimeoutMs: number;
}

/** One step of a file's format. Steps are never changed once published; a file counts those it has in `user_version`. */
export type Migration = (db: DatabaseSync) => void;

/**
 * Opens or creates the file and brings it to the newest format, each step in its own transaction.
 *
 * @throws data-folder-newer, data-folder-invalid, storage-failed, storage-full, deadline-exceeded (locked for too long)
 */
export function openDatabase(file: string, settings: DatabaseSettings, migrations: readonly Migration[]): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { timeout: settings.busyTimeoutMs });
    refuseNewer(db, file, migrations.length);
    configure(db, settings);
    migrate(db, file, migrations);
    return db;
  } catch (thrown) {
    db?.close();
    throw sqliteError(thrown, file);
  }
}

function configure(db: DatabaseSync, settings: DatabaseSettings): void {
  // The page size must be set before the file gets its first page, hence before the journal mode.
  db.exec(`PRAGMA page_size = ${settings.pageBytes}`);
  db.exec("PRAGMA journal_mode = WAL");
  db.exec("PRAGMA synchronous = FULL");
  db.exec(`PRAGMA cache_size = -${Math.ceil(settings.cacheBytes / 1024)}`);
  db.exec(`PRAGMA journal_size_limit = ${settings.walBytesMax}`);
  const pageBytes = pragmaNumber(db, "page_size");
  db.exec(`PRAGMA wal_autocheckpoint = ${Math.ceil(settings.autoCheckpointBytes / pageBytes)}`);
  if (settings.fileBytesMax !== undefined) {
    db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(settings.fileBytesMax / pageBytes))}`);
  }
}

type NumberPragma = "page_size" | "page_count" | "freelist_count" | "user_version";

/** Value of a pragma that answers with one number. */
export function pragmaNumber(db: DatabaseSync, name: NumberPragma): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}

function refuseNewer(db: DatabaseSync, file: string, known: number): void {
  const found = pragmaNumber(db, "user_version");
  if (found <= known) return;
  const message = `${file} has format ${found}; this version knows formats up to ${known}.`;
  throw new MillraceError("data-folder-newer", message, { details: { file, found, known } });
}

function migrate(db: DatabaseSync, file: string, migrations: readonly Migration[]): void {
  for (;;) {
    if (pragmaNumber(db, "user_version") === migrations.length) return;
    // Read again under the write lock: two processes that open a new file take turns.
    db.exec("BEGIN IMMEDIATE");
    try {
      const done = pragmaNumber(db, "user_version");
      migrations[done]?.(db);
      if (done < migrations.length) db.exec(`PRAGMA user_version = ${done + 1}`);
      db.exec("COMMIT");
      refuseNewer(db, file, migrations.length);
    } catch (thrown) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw thrown;
    }
  }
}
