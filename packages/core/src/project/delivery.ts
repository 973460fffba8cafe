// A delivery as data: rows of a table or model on their way back to an operational system. `delivery()` of @millrace/connectors declares it, the
// runtime plans and sends it.
import type { ContractDefinition, SourceLocation } from "../contract/contract.ts";
import type { Trigger } from "./project.ts";

/** `changes`: each new or changed row once; `snapshot`: the whole result, each time it changes. */
export type DeliveryMode = "changes" | "snapshot";

/** When a row is tried again, and for how long. Durations as text, e.g. `30s`. */
export interface DeliveryRetry {
  /** Tries that the receiver answered with a fault, the first included; then the row is a dead letter. */
  readonly attempts: number;
  /** Longest wait before the second try; doubles with each further one. */
  readonly base: string;
  /** Longest wait between two tries that the receiver did not ask for. */
  readonly cap: string;
  /** From the first failed try on; also for receivers that do not answer at all. */
  readonly deadline: string;
}

/** What `delivery()` returns, before the project gives it a domain and a name. */
export interface DeliveryDeclaration<Config = unknown> {
  readonly kind: "delivery";
  /** `table`, `domain.table`, or the contract of a table. */
  readonly from: string | ContractDefinition;
  /** Name of a destination: `rest`, `webhook`, `file`. */
  readonly destination: string;
  readonly config: Config;
  readonly send: DeliveryMode;
  /** Columns that identify a row; absent: the key of the table. */
  readonly key?: readonly string[];
  /** Columns that are sent; absent: all. */
  readonly columns?: readonly string[];
  /** Rows that left are sent as deletions. */
  readonly deletions: boolean;
  readonly every: Trigger;
  /** `key`: versions of one key in order, a dead letter does not hold up others; `strict`: everything in order, a dead letter stops the delivery. */
  readonly order: "key" | "strict";
  /** Bounds of one request or file. A row larger than `bytes` goes alone. */
  readonly batch: { readonly rows: number; readonly bytes: number };
  /** Requests under way at once. */
  readonly concurrency: number;
  readonly retry: DeliveryRetry;
  readonly location?: SourceLocation;
}

export interface DeliveryDefinition<Config = unknown> extends Omit<DeliveryDeclaration<Config>, "from"> {
  readonly domain: string;
  /** The export's name. `domain.name` is the delivery's full name. */
  readonly name: string;
  readonly from: { readonly domain: string; readonly name: string };
}

export function deliveryName(delivery: Pick<DeliveryDefinition, "domain" | "name">): string {
  return `${delivery.domain}.${delivery.name}`;
}
