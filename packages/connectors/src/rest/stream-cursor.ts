// A stream's progress as the ledger keeps it: how far whole passes came, and where the present pass is.
import type { Cursor } from "@millrace/core";
import type { PagePosition } from "./paginator.ts";

export interface StreamProgress {
  /** High water of all passes that ended. */
  readonly since?: string;
  /** Fingerprint of the last pass that ended: the same pages again are nothing new. */
  readonly seen?: string;
  readonly pass?: PassProgress;
}

/** A pass that has begun: everything before `next` is committed. */
export interface PassProgress {
  /** Pagination that `next` belongs to. */
  readonly kind: string;
  readonly next: PagePosition;
  /** High water of the pages so far; becomes `since` when the pass ends, because pages need not come in order. */
  readonly high?: string;
  readonly pages: number;
  readonly print: string;
}

export function toCursor(progress: StreamProgress): Cursor {
  return JSON.parse(JSON.stringify(progress)) as Cursor;
}

export function fromCursor(cursor: Cursor): StreamProgress {
  return (cursor ?? {}) as StreamProgress;
}
