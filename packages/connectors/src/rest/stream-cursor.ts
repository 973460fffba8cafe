// A stream's progress as the ledger keeps it: how far whole passes came, and where the present pass is.
import type { Cursor } from "@millrace/core";
import type { WalkPlace, WalkProgress } from "../rest-engine/stream-walk.ts";

export interface StreamProgress {
  /** High water of all passes that ended. */
  readonly since?: string;
  /** State of other cursors, in Airbyte's shape. */
  readonly state?: unknown;
  /** Fingerprint of the last pass that ended: the same pages again are nothing new. */
  readonly seen?: string;
  readonly pass?: PassProgress;
}

/** A pass that has begun: everything before `next` is committed. */
export interface PassProgress extends Omit<WalkPlace, "pending"> {
  /** High water of the pages so far; becomes `since` when the pass ends, because pages need not come in order. */
  readonly high?: string;
  /** The same of other cursors. */
  readonly pending?: unknown;
  readonly pages: number;
  readonly print: string;
}

export function toCursor(progress: StreamProgress): Cursor {
  return JSON.parse(JSON.stringify(progress)) as Cursor;
}

export function fromCursor(cursor: Cursor): StreamProgress {
  return (cursor ?? {}) as StreamProgress;
}

/** Where the engine goes on. */
export function toWalk({ since, state, pass }: StreamProgress): WalkProgress {
  const known = since ?? state;
  if (pass === undefined) return known === undefined ? {} : { state: known };
  const { high, pages: _, print: __, pending, ...place } = pass;
  const observed = high ?? pending;
  return { state: known, place: { ...place, ...(observed === undefined ? {} : { pending: observed }) } };
}

/** What the engine says, beside the fingerprints of its pages. */
export function fromWalk(
  { state, place }: WalkProgress,
  { seen, pages, print }: { readonly seen: string | undefined; readonly pages: number; readonly print: string },
): StreamProgress {
  const known = { ...stateField(state), ...(seen === undefined ? {} : { seen }) };
  if (place === undefined) return known;
  const { pending, ...rest } = place;
  const observed = typeof pending === "string" ? { high: pending } : pending === undefined ? {} : { pending };
  return { ...known, pass: { ...rest, ...observed, pages, print } };
}

function stateField(state: unknown): Pick<StreamProgress, "since" | "state"> {
  if (typeof state === "string") return { since: state };
  return state === undefined ? {} : { state };
}
