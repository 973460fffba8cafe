// What `rest()` takes and keeps: options as authors write them, and the config that the engine runs. All of it is plain data.
import type { SecretRef, Trigger } from "@millrace/core";
import type { IntoOptions } from "../authoring/declare-channel.ts";
import type { Setting } from "../authoring/references.ts";

/** How requests prove who they are. Made with bearer(), apiKey() or basic(). */
export type Authentication =
  | { readonly kind: "bearer"; readonly token: SecretRef }
  | { readonly kind: "api-key"; readonly header?: string; readonly query?: string; readonly value: SecretRef }
  | { readonly kind: "basic"; readonly username: Setting | SecretRef; readonly password: SecretRef };

/** How the next page is found. Made with cursor(), page(), offset(), nextUrl() or linkHeader(). */
export type Pagination =
  | { readonly kind: "cursor"; readonly path: string; readonly param: string; readonly more?: string }
  | {
      readonly kind: "page";
      readonly param: string;
      readonly start: number;
      readonly size?: number;
      readonly sizeParam?: string;
      readonly pages?: string;
    }
  | { readonly kind: "offset"; readonly param: string; readonly limit: number; readonly limitParam: string }
  | { readonly kind: "next-url"; readonly path: string }
  | { readonly kind: "link-header" };

/** Reads only what changed: the highest value of a field of the records becomes a query parameter of the next read. */
export interface SinceOptions {
  /** Field of the records: an ISO date or instant, or a number that grows. */
  readonly field: string;
  /** Query parameter that carries the value. Default: `since`. */
  readonly param?: string;
  /** Value of the first read. Default: the parameter is left out. */
  readonly start?: string | number;
  /**
   * Reads again what lies this far before the highest value, for upstreams that publish late: a duration (`10m`) for dates and instants, a number
   * for numbers. Default: none.
   */
  readonly lookback?: string | number;
  /** True when the upstream answers with values strictly above the parameter. Default: false, records at the boundary come again and the merge settles them. */
  readonly exclusive?: boolean;
}

export interface StreamOptions extends IntoOptions {
  /** Path below `baseUrl`. */
  readonly path: string;
  /** Query parameters of every request. */
  readonly params?: Readonly<Record<string, Setting | number | boolean>>;
  /** Path of the array of records in a page. Default: `$`, the page itself. */
  readonly records?: string;
  /** Default: one page. */
  readonly page?: Pagination;
  /** Reads only what changed; a text is the field, with the other settings at their defaults. Default: everything is read each time. */
  readonly since?: string | SinceOptions;
}

export interface RateLimit {
  readonly requests: number;
  readonly perSeconds: number;
}

export interface RetryOptions {
  /** Tries of one request, the first included. Default: 5. */
  readonly attempts?: number;
  /** Longest wait before the second try; doubles with each further one. Default: `1s`. */
  readonly base?: string;
  /** Longest wait between two tries that the upstream did not ask for. Default: `30s`. */
  readonly cap?: string;
  /** Longest time that all waits of one request may take together; a longer Retry-After ends the read. Default: `10m`. */
  readonly budget?: string;
}

export interface RestOptions {
  /** Address that the paths of the streams are appended to. */
  readonly baseUrl: Setting;
  readonly auth?: Authentication;
  /** Headers of every request. */
  readonly headers?: Readonly<Record<string, Setting | SecretRef>>;
  readonly streams: Readonly<Record<string, StreamOptions>>;
  /** Requests that the upstream ever sees within any span of `perSeconds`, all streams together. Default: no limit. */
  readonly rateLimit?: RateLimit;
  readonly retry?: RetryOptions;
  /** Default: `5m`. */
  readonly every?: Trigger;
  /** For one request, its body included. Default: `30s`. */
  readonly timeout?: string;
}

export interface StreamConfig {
  readonly path: string;
  readonly params: Readonly<Record<string, Setting | number | boolean>>;
  readonly records: string;
  readonly page?: Pagination;
  readonly since?: Required<Pick<SinceOptions, "field" | "param" | "exclusive">> & SinceOptions;
}

/** Config of a rest channel: the options with defaults, without those that the declaration keeps beside it. */
export interface RestConfig {
  readonly baseUrl: Setting;
  readonly auth?: Authentication;
  readonly headers: Readonly<Record<string, Setting | SecretRef>>;
  readonly streams: Readonly<Record<string, StreamConfig>>;
  readonly rateLimit?: RateLimit;
  readonly retry: Required<RetryOptions>;
  readonly timeout: string;
}
