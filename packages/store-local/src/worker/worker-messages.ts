// What travels between a store and its worker thread. worker-link.ts is the store's side, serve-calls.ts the thread's.
import type { ErrorReport } from "@millrace/core";

/** A call of one method; `id` pairs it with its answer. */
export interface CallMessage {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}

export type AnswerMessage =
  { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: ErrorReport };
