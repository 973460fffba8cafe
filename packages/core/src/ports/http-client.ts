// Outgoing HTTP as a port, so that simulations own the network and address rules are enforced in one place.

/** Proves the client on the connection itself (mutual TLS); all of it PEM. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
  readonly passphrase?: string;
  /** Authorities that the server's certificate may come from, instead of the usual ones. */
  readonly authorities?: string;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** For the whole exchange: connect, headers and body. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly identity?: TlsIdentity;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; repeated headers joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded of transfer and content encoding. Must be consumed or cancelled. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Errors: upstream-unavailable (network), deadline-exceeded, egress-refused. Status codes are answers, not errors. Redirects are not followed across hosts. */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}
