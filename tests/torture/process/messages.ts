// What the harness and the process under torture say to each other. Sent through Node's own channel, so that numbers stay exact.
import type { FailpointName } from "@millrace/core";

/** A cell of an answer. The harness asks for no lists, structs or bytes. */
export type Scalar = null | boolean | number | bigint | string;

/** Bugs that can be planted into the adapters of the process; `log-unsynced` is planted into its syncs from outside. */
export const plants = [
  "ledger-apart",
  "objects-unsynced",
  "log-unsynced",
  "early-trim",
  "reading-fence",
  "tokens-late",
] as const;
export type Plant = (typeof plants)[number];

export interface ProcessSpec {
  readonly project: string;
  readonly dataFolder: string;
  readonly plant?: Plant;
  /** Armed before anything is opened. */
  readonly trap?: Trap;
}

/** Where the process kills itself. */
export interface Trap {
  readonly failpoint: FailpointName;
  /** The how manieth time the place is reached, counted from when the trap is set. */
  readonly hit: number;
  /** 0: right there. Above: so much later, in the midst of what follows. */
  readonly delayMs: number;
}

export type Request =
  | { readonly id: number; readonly kind: "arm"; readonly trap: Trap }
  | { readonly id: number; readonly kind: "query"; readonly sql: string }
  | { readonly id: number; readonly kind: "settle" }
  | { readonly id: number; readonly kind: "stopped-channels" }
  | { readonly id: number; readonly kind: "ledger-faults" }
  | { readonly id: number; readonly kind: "take-over" }
  | { readonly id: number; readonly kind: "stop" };

export type Reply =
  | { readonly kind: "ready"; readonly address: string; readonly token: string }
  | { readonly kind: "answer"; readonly id: number; readonly rows: readonly (readonly Scalar[])[] }
  | { readonly kind: "error"; readonly id: number; readonly code: string; readonly message: string };

/** Written to standard output in one call right before the end, because nothing that is sent later arrives. */
export const lastWords = "killed at ";
