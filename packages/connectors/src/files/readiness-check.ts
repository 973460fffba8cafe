// What every way of telling that files are complete has in common: its question, and where markers and manifests stand.
import { posix } from "node:path";
import type { ManifestEntry } from "./manifest-file.ts";
import type { FoundFile } from "./places/place.ts";

/** What a file must be, and which manifest says so. */
export interface Expectation extends ManifestEntry {
  /** Ledger path of the manifest. */
  readonly manifest: string;
  /** Version of the manifest: another one is a reason to look at a refused file again. */
  readonly said: string;
}

/** Milliseconds until the file may be complete: 0 now, infinite when something must change first. */
export type WaitMs = number;

export interface ReadinessCheck {
  /** Looks at the files of one scan; what earlier scans saw of files that are not among them is forgotten. */
  check(files: readonly FoundFile[]): Promise<readonly WaitMs[]>;
  /** True for the marker and manifest files themselves. */
  isMarker(file: FoundFile): boolean;
  /** What a manifest says of a file, once `check` has seen both. */
  expected?(file: FoundFile): Expectation | undefined;
  /** Longest that a complete file can be made to wait. */
  readonly waitMsMax: number;
}

/** Where the marker or manifest of a file stands; `{name}` in its name is the file's name. */
export function besideOf(file: FoundFile, name: string): string {
  const folder = posix.dirname(file.path);
  const beside = name.replaceAll("{name}", posix.basename(file.path));
  return folder === "." ? beside : `${folder}/${beside}`;
}

/** True for files with such a name. */
export function isNamed(file: FoundFile, name: string): boolean {
  const [before = "", after] = name.split("{name}", 2);
  const own = posix.basename(file.path);
  if (after === undefined) return own === name;
  return own.length > name.length - "{name}".length && own.startsWith(before) && own.endsWith(after);
}
