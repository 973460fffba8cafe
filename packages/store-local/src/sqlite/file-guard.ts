// A lock that the operating system holds for a process and releases at its death, however it dies. SQLite takes it portably.
import { DatabaseSync } from "node:sqlite";
import { MillraceError } from "@millrace/core";
import { isSqliteBusy, sqliteError } from "./sqlite-errors.ts";

/** How long to wait for somebody who only looks whether the lock is held. */
const waitMs = 200;

/** An exclusively locked file. The file itself stays empty and stays in place: only the lock on it means anything. */
export class FileGuard {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /**
   * Takes the lock or returns undefined when another process, or this one, holds it.
   *
   * @throws storage-failed when the file cannot be opened or locked at all
   */
  static take(path: string): FileGuard | undefined {
    let db: DatabaseSync | undefined;
    try {
      db = new DatabaseSync(path, { timeout: waitMs });
      // Nothing is ever written, so the lock needs no journal file beside it.
      db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
      return new FileGuard(db);
    } catch (thrown) {
      db?.close();
      if (isSqliteBusy(thrown)) return undefined;
      throw sqliteError(thrown, path);
    }
  }

  /** @throws data-folder-locked when it is held elsewhere */
  static require(path: string, what: string): FileGuard {
    const guard = FileGuard.take(path);
    if (guard === undefined)
      throw new MillraceError("data-folder-locked", `${what} is open elsewhere.`, { details: { path } });
    return guard;
  }

  release(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}
