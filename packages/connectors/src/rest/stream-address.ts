// Addresses of a stream's pages: base address, path, parameters, and the mark that `since` sends.
import { MillraceError, type Secrets } from "@millrace/core";
import { isEnvRef, type Setting } from "../authoring/references.ts";
import { lookBack } from "./high-water.ts";
import type { StreamConfig } from "./rest-config.ts";

/** @throws MillraceError channel-invalid, secret-missing */
export function baseAddress(baseUrl: Setting, secrets: Secrets): URL {
  const text = isEnvRef(baseUrl) ? secrets.setting(baseUrl) : baseUrl;
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "") return url;
  const from = isEnvRef(baseUrl) ? ` (from ${baseUrl.$env})` : "";
  throw new MillraceError(
    "channel-invalid",
    `baseUrl${from} is not an http or https address without user name and password.`,
    {
      hint: 'Give an address such as "https://api.example.com/v1"; credentials belong in auth.',
    },
  );
}

/** The path is appended to the base address; the base's own query stays. */
export function streamAddress(base: URL, stream: StreamConfig, secrets: Secrets): URL {
  const url = new URL(base.href);
  const [path = "", query = ""] = stream.path.split("?", 2);
  url.pathname = `${base.pathname.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}`;
  for (const [name, value] of new URLSearchParams(query)) url.searchParams.append(name, value);
  for (const [name, value] of Object.entries(stream.params))
    url.searchParams.set(name, isEnvRef(value) ? secrets.setting(value) : String(value));
  return url;
}

/** Adds the parameter of `since`: the mark moved back by the lookback, else the declared start, else nothing. @throws MillraceError channel-invalid */
export function withSince(url: URL, stream: StreamConfig, mark: string | undefined): URL {
  const { since } = stream;
  if (since === undefined) return url;
  const value =
    mark === undefined || since.lookback === undefined ? (mark ?? since.start) : lookBack(mark, since.lookback);
  if (value === undefined && mark !== undefined)
    throw new MillraceError(
      "channel-invalid",
      `since: lookback ${JSON.stringify(since.lookback)} does not fit "${since.field}", whose highest value is ${mark}.`,
      { hint: 'Give a duration such as "10m" for dates and instants, and a number for numbers.' },
    );
  if (value === undefined) return url;
  const next = new URL(url.href);
  next.searchParams.set(since.param, String(value));
  return next;
}

/** An address that a cursor may keep: without the parameters that carry credentials. */
export function withoutCredentials(address: string, credentials: Readonly<Record<string, string>>): string {
  const url = /^https?:/i.test(address) ? URL.parse(address) : null;
  if (url === null) return address;
  const values = new Set(Object.values(credentials));
  for (const [name, value] of Array.from(url.searchParams))
    if (name in credentials || values.has(value)) url.searchParams.delete(name);
  return url.href;
}
