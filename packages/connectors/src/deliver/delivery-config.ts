// What `delivery()`, `toRest()`, `toWebhook()` and `toFile()` take and keep. All of it is plain data.
import type { ContractDefinition, DeliveryDeclaration, DeliveryRetry, ExportFormat, Trigger } from "@millrace/core";
import type { SecretRef } from "@millrace/core";
import type { Setting } from "../authoring/references.ts";
import type { Authentication, RateLimit } from "../rest/rest-config.ts";

/** What requests of all kinds can say. */
export interface RequestSettings {
  readonly auth?: Authentication;
  /** Headers of every request; `{column}` in a text stands for a value of the row, where requests carry one row. */
  readonly headers?: Readonly<Record<string, Setting | SecretRef>>;
  /** Requests that the receiver ever sees within any span of `perSeconds`. Default: no limit. */
  readonly rateLimit?: RateLimit;
  /** For one request, its answer included. Default: `30s`. */
  readonly timeout?: string;
  /** Statuses that acknowledge. Default: 200 to 299. */
  readonly success?: readonly number[];
  /** Statuses after which another try may help. Default: 408, 425, 429, 500, 502, 503, 504. */
  readonly retryOn?: readonly number[];
}

export interface RestTargetOptions extends RequestSettings {
  /** Address that the paths are appended to. */
  readonly baseUrl: Setting;
  /** Path of a request; `{column}` stands for a value of the row. */
  readonly path: string;
  /** Default: POST. */
  readonly method?: "POST" | "PUT" | "PATCH";
  /**
   * JSON body: a text that is `{column}` alone becomes the value itself, `{rows}` the list of rows, other texts are filled in. Default: the row, or the list
   * of rows where a request carries several.
   */
  readonly body?: Readonly<Record<string, unknown>>;
  /** How rows that left are told; its path may name columns of the key alone. Default: DELETE at `path`. */
  readonly deletion?: { readonly method?: "DELETE" | "POST" | "PUT"; readonly path?: string };
  /** Path in the answer of what is kept beside the key, such as `$.id`; for requests with one row. */
  readonly capture?: string;
  /** Where the receiver says how many records it holds, for `millrace deliver reconcile`. */
  readonly count?: { readonly path: string; readonly at: string };
}

export interface WebhookTargetOptions extends RequestSettings {
  readonly url: Setting;
  /** Key of the signature (Standard Webhooks, HMAC-SHA256); `whsec_` and base64, or any text. */
  readonly secret: SecretRef;
  /** True: bodies are CloudEvents 1.0 in structured mode. Default: `{ type, timestamp, data }`. */
  readonly cloudEvents?: boolean;
}

export interface FileTargetOptions {
  /** Folder of the files; a relative one starts from the project's folder. */
  readonly folder: Setting;
  /** `{version}`, `{date}` and `{time}` (UTC, when the rows became due) are filled in: `stock-{version}.csv`. */
  readonly name: string;
  /** Default: by the extension of `name`. */
  readonly format?: ExportFormat;
  /** Writes `<name>.manifest.json` with counts and checksum. Default: true. */
  readonly manifest?: boolean;
  /** A file written last, such as `_SUCCESS` or `{name}.done`; it stands in the folder of the file. */
  readonly marker?: string;
}

export type Target =
  | ({ readonly kind: "rest" } & RestTargetOptions)
  | ({ readonly kind: "webhook" } & WebhookTargetOptions)
  | ({ readonly kind: "file" } & FileTargetOptions);

export interface DeliveryOptions {
  /** The table's contract, or its name: `domain.table`, or `table` of the own domain. Models have names alone. */
  readonly from: string | ContractDefinition;
  /** Made with toRest(), toWebhook() or toFile(). */
  readonly to: Target;
  /** Default: `changes`. */
  readonly send?: DeliveryDeclaration["send"];
  /** Columns that identify a row. Default: the key of the table; models name theirs. */
  readonly key?: readonly string[];
  /** Columns that are sent; a row counts as changed when one of them did. Default: all. */
  readonly columns?: readonly string[];
  /** Rows that left the table are told as well. Default: false. */
  readonly deletions?: boolean;
  /** Default: `on-arrival`, with each new version of the table. */
  readonly every?: Trigger;
  /** Default: `key`. */
  readonly order?: DeliveryDeclaration["order"];
  /** Bounds of one request (default one row, 1 MiB) or file (default a million rows). */
  readonly batch?: { readonly rows?: number; readonly bytes?: number };
  /** Requests under way at once. Default: 4. */
  readonly concurrency?: number;
  readonly retry?: Partial<DeliveryRetry>;
}
