// Requests before they are sent: a template per stream, and the parts that paginator, partitioner, cursor and authenticator add to it.
import type { Fields, RequestContext } from "./slice.ts";

/**
 * What a component puts into a request. `form` is a url-encoded body, or as text a body sent as it is; `json` is a JSON body. Values of `query` may be
 * lists (repeated parameters); null and undefined are left out.
 */
export interface RequestParts {
  readonly query?: Fields;
  readonly headers?: Fields;
  readonly form?: Fields | string;
  readonly json?: Fields;
}

/** Where a value goes. `path` has several names only inside a JSON body. */
export interface RequestOption {
  readonly into: "query" | "header" | "form" | "json";
  readonly path: readonly string[];
}

/** The stream's own part of a request. The functions are pure and are called for each page. */
export interface RequestTemplate {
  readonly method: string;
  /** Address of a page. `address` replaces the path: what a paginator found, absolute or relative. */
  url(context: RequestContext, address: string | undefined): string;
  parts(context: RequestContext): RequestParts;
}

/** Ready to be sent, but for its proof. */
export interface PreparedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What came back, before it is decoded. */
export interface Answer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  /** Address that was asked, without credentials. */
  readonly url: string;
  /** `GET https://host/path`, for messages. */
  readonly place: string;
}
