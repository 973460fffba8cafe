// What happens to a file once its rows are committed: it stays, goes to an archive folder, or is deleted. Runs again for files that the ledger knows and
// that still stand there, so that a crash between the commit and the move costs nothing.
import { posix } from "node:path";
import { failpoint, isMillraceError, MillraceError, type Clock, type Logger } from "@millrace/core";
import type { AfterLoad } from "./files-config.ts";
import type { FoundFile, Taking } from "./places/place.ts";
import { systemCode } from "./places/list-files.ts";

const dateParts = /\{(yyyy|mm|dd|hh)\}/g;

export class AfterLoading {
  readonly #after: AfterLoad;
  readonly #taking: Taking | undefined;
  readonly #start: string;
  readonly #clock: Clock;
  readonly #log: Logger;

  /** @param options.start the pattern's folder: archived files keep their path below it */
  constructor(
    after: AfterLoad,
    options: {
      readonly taking: Taking | undefined;
      readonly start: string;
      readonly clock: Clock;
      readonly log: Logger;
    },
  ) {
    this.#after = after;
    this.#taking = options.taking;
    this.#start = options.start;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** True when files do not stay where they are. */
  get takes(): boolean {
    return this.#after !== "keep";
  }

  /** The file's rows are committed. Returns what went wrong: file-not-moved, to be tried again at the next look. */
  async loaded(file: FoundFile): Promise<MillraceError | undefined> {
    if (this.#after === "keep" || this.#taking === undefined) return undefined;
    failpoint("file.move");
    try {
      if (this.#after === "delete") await this.#taking.remove(file);
      else await this.#taking.move(file, this.#target(this.#after.folder, file));
      return undefined;
    } catch (thrown) {
      if (!isMillraceError(thrown)) throw thrown;
      this.#log.warn("A loaded file could not be taken away.", { path: file.path, reason: thrown.message });
      return thrown;
    }
  }

  #target(folder: string, file: FoundFile): string {
    const below = this.#start === "" ? file.path : file.path.slice(this.#start.length + 1);
    return posix.join(dated(folder, this.#clock.nowMs()), below);
  }
}

/** `{yyyy}`, `{mm}`, `{dd}` and `{hh}` stand for the moment of loading (UTC). */
export function dated(folder: string, nowMs: number): string {
  const iso = new Date(nowMs).toISOString();
  const parts: Readonly<Record<string, string>> = {
    yyyy: iso.slice(0, 4),
    mm: iso.slice(5, 7),
    dd: iso.slice(8, 10),
    hh: iso.slice(11, 13),
  };
  return folder.replaceAll(dateParts, (whole, name: string) => parts[name] ?? whole);
}

/** The part of the archive folder before its first date: nothing below it is looked at. */
export function archiveRoot(after: AfterLoad | undefined): string | undefined {
  if (typeof after !== "object") return undefined;
  const parts = after.folder.split("/");
  const first = parts.findIndex((part) => part.includes("{"));
  return parts.slice(0, first === -1 ? parts.length : first).join("/");
}

/** The file's rows are committed; only its place is wrong. */
export function notMoved(file: FoundFile, target: string | undefined, thrown: unknown): MillraceError {
  const code = systemCode(thrown);
  const denied = code === "EACCES" || code === "EPERM";
  const reason = denied ? "permission denied" : thrown instanceof Error ? thrown.message : String(thrown);
  const what = target === undefined ? "be deleted" : `be moved to ${target}`;
  return new MillraceError("file-not-moved", `${file.path} is loaded but could not ${what}: ${reason}`, {
    details: { path: file.path, ...(target === undefined ? {} : { target }) },
    cause: thrown,
  });
}
