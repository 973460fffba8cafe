// The tables of log.sqlite, format by format. One row holds one partition's part of a commit group, payloads joined to one blob.
import type { DatabaseSync } from "node:sqlite";
import type { Migration } from "../sqlite/open-database.ts";

/** Large pages: a group of 64 requests is a few dozen pages instead of hundreds, which halves the time of its commit. */
export const logPageBytes = 65_536;

function format1(db: DatabaseSync): void {
  db.exec(`
    CREATE TABLE log (incarnation TEXT NOT NULL) STRICT;
    -- first and next as of the last trim: appends never touch this table, they only add rows behind.
    CREATE TABLE partitions (
      id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, first INTEGER NOT NULL, next INTEGER NOT NULL, seen INTEGER NOT NULL
    ) STRICT;
    -- Idempotency keys of one group: written in order, so that random keys cost no random pages.
    CREATE TABLE receipts (id INTEGER PRIMARY KEY, received INTEGER NOT NULL, keys TEXT NOT NULL) STRICT;
  `);
}

export const logMigrations: readonly Migration[] = [format1];

/** One table per partition: its key is the offset itself, so appends go to the end and trims to the start. */
export function createEntryTable(db: DatabaseSync, partitionId: number): void {
  db.exec(`
    CREATE TABLE entries_${partitionId} (
      offset INTEGER PRIMARY KEY, count INTEGER NOT NULL, received INTEGER NOT NULL, sizes TEXT NOT NULL, payload BLOB NOT NULL
    ) STRICT
  `);
}
