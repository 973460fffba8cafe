// Proofs over the whole request: AWS Signature Version 4, and HMAC in the forms that upstreams use.
import { createHash, createHmac } from "node:crypto";
import type { Authenticator } from "../components.ts";
import type { PreparedRequest } from "../request.ts";
import { secretly, type Lookup } from "./plain-auth.ts";

export interface SigV4Options {
  readonly accessKeyId: Lookup;
  readonly secretAccessKey: Lookup;
  readonly sessionToken?: Lookup;
  readonly region: string;
  readonly service: string;
}

/** Source: AWS General Reference, "Signature Version 4 signing process". */
export function sigV4Auth(options: SigV4Options): Authenticator {
  return {
    parts: () => Promise.resolve({}),
    async sign(context, request) {
      const keyId = await options.accessKeyId(context);
      const secret = await secretly(context, options.secretAccessKey);
      const token = options.sessionToken === undefined ? undefined : await secretly(context, options.sessionToken);
      const stamp = new Date(context.clock.nowMs()).toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
      const own = {
        host: request.url.host,
        "x-amz-date": stamp,
        ...(token === undefined ? {} : { "x-amz-security-token": token }),
      };
      const signed = { ...request.headers, ...own };
      const scope = `${stamp.slice(0, 8)}/${options.region}/${options.service}/aws4_request`;
      const names = Object.keys(signed).sort();
      const canonical = [
        request.method,
        canonicalPath(request.url, options.service),
        canonicalQuery(request.url),
        ...names.map(
          (name) => `${name}:${(signed as Record<string, string>)[name]?.trim().replaceAll(/ +/g, " ") ?? ""}`,
        ),
        "",
        names.join(";"),
        sha256(request.body ?? ""),
      ].join("\n");
      const text = ["AWS4-HMAC-SHA256", stamp, scope, sha256(canonical)].join("\n");
      const key = scope.split("/").reduce<Buffer>((before, part) => hmac(before, part), Buffer.from(`AWS4${secret}`));
      const signature = hmac(key, text).toString("hex");
      const { host: _, ...sent } = own;
      return {
        ...sent,
        authorization: `AWS4-HMAC-SHA256 Credential=${keyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
      };
    },
  };
}

/** Segments are encoded twice, except for S3. */
function canonicalPath({ pathname }: URL, service: string): string {
  if (service === "s3") return pathname;
  return pathname
    .split("/")
    .map((segment) => strictly(segment))
    .join("/");
}

function canonicalQuery({ searchParams }: URL): string {
  // By name, then by value: a name comes before those that it begins, although "=" sorts behind digits and "-".
  return Array.from(searchParams, ([name, value]) => [strictly(name), strictly(value)] as const)
    .sort(([a, one], [b, other]) => (a === b ? order(one, other) : order(a, b)))
    .map((pair) => pair.join("="))
    .join("&");
}

function order(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** Everything but unreserved characters (RFC 3986). */
function strictly(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

export interface HmacOptions {
  readonly secret: Lookup;
  readonly algorithm: "sha1" | "sha256" | "sha384" | "sha512";
  readonly encoding: "hex" | "base64";
  /** What is signed, in this order, joined by `separator`. */
  readonly covers: readonly ("method" | "path" | "query" | "body" | "timestamp" | "body-sha256")[];
  readonly separator: string;
  readonly header: string;
  /** Text before the signature. */
  readonly prefix?: string;
  /** Header that carries the time, in seconds or milliseconds since the epoch. */
  readonly timestamp?: { readonly header: string; readonly unit: "s" | "ms" };
}

export function hmacAuth(options: HmacOptions): Authenticator {
  return {
    parts: () => Promise.resolve({}),
    async sign(context, request) {
      const secret = await secretly(context, options.secret);
      const nowMs = context.clock.nowMs();
      const stamp = String(options.timestamp?.unit === "ms" ? nowMs : Math.floor(nowMs / 1000));
      const text = options.covers.map((part) => covered(part, request, stamp)).join(options.separator);
      const signature = createHmac(options.algorithm, secret).update(text).digest(options.encoding);
      return {
        [options.header.toLowerCase()]: `${options.prefix ?? ""}${signature}`,
        ...(options.timestamp === undefined ? {} : { [options.timestamp.header.toLowerCase()]: stamp }),
      };
    },
  };
}

function covered(
  part: HmacOptions["covers"][number],
  { method, url, body = "" }: PreparedRequest,
  stamp: string,
): string {
  switch (part) {
    case "method":
      return method;
    case "path":
      return url.pathname;
    case "query":
      return url.search.slice(1);
    case "body":
      return body;
    case "body-sha256":
      return sha256(body);
    case "timestamp":
      return stamp;
  }
}
