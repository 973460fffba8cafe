// Where files stand: a local folder, HTTP addresses, an SFTP server. The reader asks a place what is there, reads exact versions from it, and takes away
// what was loaded; it never knows which one it is.
import type { MillraceError } from "@millrace/core";

export interface FoundFile {
  /** As the ledger names it: relative to the place's folder, with forward slashes. */
  readonly path: string;
  /** As the place itself names it: a path of the system, an address. */
  readonly absolute: string;
  /** Bytes; -1 where the place cannot tell before the file is read. */
  readonly size: number;
  /** Modification time, microseconds; 0 where the place cannot tell. */
  readonly modifiedMicros: bigint;
  /** What the place itself calls this version of the content (an ETag); decides alone whether a file is the same when both sides have one. */
  readonly tag?: string;
}

export interface Listing {
  /** By modification time, then path. */
  readonly files: readonly FoundFile[];
  /** Folders and files that could not be looked at: file-inaccessible. Then what is missing may still be there. */
  readonly problems: readonly MillraceError[];
  /** False when the folder itself is not there. */
  readonly exists: boolean;
}

/**
 * Errors: file-changed and file-inaccessible are worth another try; host-key-mismatch and place-refused are not before someone changes the project or
 * the server.
 */
export interface Place {
  /** True where reading a file again costs a transfer. */
  readonly remote: boolean;
  list(signal: AbortSignal): Promise<Listing>;
  /** One file by its ledger path, whether it matches the pattern or not; undefined when it is not there. */
  look(path: string): Promise<FoundFile | undefined>;
  /** The bytes of exactly this version. @throws MillraceError file-changed, file-inaccessible, file-unreadable (not a file but a page that says so) */
  content(file: FoundFile, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Absent where nothing can be taken away. */
  readonly taking?: Taking;
  /** Calls `wake` when something may have arrived; absent where nothing tells. */
  watch?(wake: () => void): () => void;
  close(): Promise<void>;
}

/** What happens to files after their rows are committed. Both may be repeated, and never touch another version than the given one. */
export interface Taking {
  /** Never overwrites: when other content stands under the name, the file gets a number. @throws MillraceError file-not-moved */
  move(file: FoundFile, to: string): Promise<void>;
  /** @throws MillraceError file-not-moved */
  remove(file: FoundFile): Promise<void>;
}

export function byArrival(a: FoundFile, b: FoundFile): number {
  if (a.modifiedMicros !== b.modifiedMicros) return a.modifiedMicros < b.modifiedMicros ? -1 : 1;
  return a.path < b.path ? -1 : 1;
}

/** Tells versions of one path apart. */
export function versionOf(file: FoundFile): string {
  return file.tag ?? `${file.size} ${file.modifiedMicros}`;
}
