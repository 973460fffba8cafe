// Exports of a module come in the order of their names; authors think in the order in which they wrote them.
import type { SourceLocation } from "@millrace/core";

interface Located {
  readonly name: string;
  readonly location?: SourceLocation;
}

/** Sorts by file, line, then name. */
export function asWritten(a: Located, b: Located): number {
  const file = compare(a.location?.file ?? "", b.location?.file ?? "");
  return file || (a.location?.line ?? 0) - (b.location?.line ?? 0) || compare(a.name, b.name);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
