// What brings data into the process under torture. One file per workload; each keeps the truth of its tables.
import type { Service } from "../process/tortured-process.ts";
import type { Finding } from "../truth/finding.ts";
import type { Query, TableTruth } from "../truth/table-truth.ts";

export interface Workload {
  readonly name: string;
  readonly tables: readonly TableTruth[];
  /** Models above its tables: `domain.name`. */
  readonly models: readonly string[];
  /** Settings of the project that it needs. */
  readonly env: Readonly<Record<string, string>>;
  /** Begins to produce, and goes on whether the process lives or not. */
  start(): void;
  /** Tells that the process lives anew: it may be sent more again. */
  newLife(): void;
  /** Tells how the process died. */
  died(death: { readonly powerCut: boolean; readonly takeOver: boolean }): void;
  /** Produces nothing between `pause` and `resume`; what is under way goes on. */
  pause(): void;
  resume(): void;
  /** Ends what was begun: afterwards everything that was sent is acknowledged. Rejects after the deadline. */
  finish(timeoutMs: number): Promise<void>;
  /** What it noticed by itself, such as answers that contradict each other. */
  findings(): readonly Finding[];
  /** Counts that only this workload knows, once everything is loaded. */
  checkEnd(query: Query): Promise<readonly Finding[]>;
  close(): Promise<void>;
}

/** Where the process can be reached now; waits while there is none. */
export type Reach = (signal: AbortSignal) => Promise<Service>;
