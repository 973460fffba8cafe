// What `rest()` takes and keeps: options as authors write them, and the config that the engine runs. All of it is plain data.
import type { SecretRef, Trigger } from "@millrace/core";
import type { IntoOptions } from "../authoring/declare-channel.ts";
import type { Setting } from "../authoring/references.ts";
import type { Decode, Partition, RecordChange, WindowOptions } from "./stream-shapes.ts";
import type { JwtAlgorithm } from "../rest-engine/auth/jwt-auth.ts";

/** How requests prove who they are. Made with bearer(), oauth() and the others of authentication.ts. */
export type Authentication =
  | { readonly kind: "bearer"; readonly token: SecretRef }
  | { readonly kind: "api-key"; readonly header?: string; readonly query?: string; readonly value: SecretRef }
  | { readonly kind: "basic"; readonly username: Setting | SecretRef; readonly password: SecretRef }
  | {
      readonly kind: "oauth";
      readonly tokenUrl: Setting;
      readonly grant?: "refresh_token" | "client_credentials" | "password";
      readonly clientId: Setting | SecretRef;
      readonly clientSecret?: SecretRef;
      readonly refreshToken?: SecretRef;
      readonly username?: Setting | SecretRef;
      readonly password?: SecretRef;
      readonly scopes?: readonly string[];
      readonly sendAs?: "form" | "json" | "query";
    }
  | {
      readonly kind: "jwt";
      readonly algorithm: JwtAlgorithm;
      readonly key: SecretRef;
      readonly passphrase?: SecretRef;
      readonly claims?: Readonly<Record<string, Setting | SecretRef>>;
      readonly headers?: Readonly<Record<string, Setting>>;
      readonly lasts?: string;
      readonly prefix?: string;
    }
  | {
      readonly kind: "session";
      readonly url: string;
      readonly body: Readonly<Record<string, Setting | SecretRef>>;
      readonly token: string;
      readonly header: string;
      readonly prefix?: string;
      readonly lasts?: string;
    }
  | {
      readonly kind: "sigv4";
      readonly accessKeyId: Setting | SecretRef;
      readonly secretAccessKey: SecretRef;
      readonly sessionToken?: SecretRef;
      readonly region: string;
      readonly service: string;
    }
  | {
      readonly kind: "hmac";
      readonly secret: SecretRef;
      readonly algorithm?: "sha1" | "sha256" | "sha384" | "sha512";
      readonly encoding?: "hex" | "base64";
      readonly covers: readonly ("method" | "path" | "query" | "body" | "timestamp" | "body-sha256")[];
      readonly separator?: string;
      readonly header: string;
      readonly prefix?: string;
      readonly timestampHeader?: string;
      readonly timestampUnit?: "s" | "ms";
    }
  | {
      readonly kind: "certificate";
      readonly certificate: Setting | SecretRef;
      readonly key: SecretRef;
      readonly passphrase?: SecretRef;
      readonly authorities?: Setting | SecretRef;
      readonly and?: Authentication;
    };

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
  /** Default: GET. */
  readonly method?: "GET" | "POST";
  /** JSON body of each request; `{field}` in its texts stands for a value of the partition. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Default: JSON. */
  readonly decode?: Decode;
  /** Reads the stream once for each value of a list or record of another stream; several make every combination. Default: once. */
  readonly partition?: Partition | readonly Partition[];
  /** Reads by time, in windows. Default: everything is read each time. */
  readonly windows?: WindowOptions;
  /** Changes of each record. Default: none, and pages stay as they came. */
  readonly transform?: readonly RecordChange[];
  /** Pages that are asked for side by side, with page() and offset(). Some behind the end are asked for in vain. Default: 1. */
  readonly ahead?: number;
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
  readonly method?: "GET" | "POST";
  readonly body?: Readonly<Record<string, unknown>>;
  readonly decode?: Decode;
  readonly partition?: Partition | readonly Partition[];
  readonly windows?: WindowOptions;
  readonly transform?: readonly RecordChange[];
  readonly ahead?: number;
  /** Other streams of the channel take their partitions from this one: its pages are asked for once per read. */
  readonly isParent?: boolean;
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
