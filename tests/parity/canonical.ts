// One spelling for requests and records, so that only differences of meaning count: order of keys and parameters, percent encoding, default headers.
import type { SentRequest } from "./golden.ts";

/** Headers that every HTTP library sets its own way. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "host",
  "traceparent",
  "user-agent",
]);
const UNRESERVED = /%(?:2D|2E|5F|7E|3[0-9]|[46][1-9A-F]|[57][0-9A])/gi;

/** JSON with sorted keys. */
export function stableJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableJson).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .toSorted(([one], [other]) => (one < other ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${stableJson(item)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

function pairs(text: string): string {
  const found = [...new URLSearchParams(text)].map(([name, value]) => `${name}=${value}`);
  return found.toSorted().join("&");
}

function canonicalPath(pathname: string): string {
  return pathname
    .replaceAll(UNRESERVED, (escape) => decodeURIComponent(escape))
    .replaceAll(/%[0-9a-f]{2}/gi, (escape) => escape.toUpperCase());
}

function canonicalBody(request: SentRequest): string {
  const { body } = request;
  if (body === undefined || body === "") return "";
  try {
    return stableJson(JSON.parse(body));
  } catch {
    return (request.headers["content-type"] ?? "").includes("form-urlencoded") ? pairs(body) : body;
  }
}

/** What a request asks for: equal text means the same question. Readable, as differences show it. */
export function requestKey(request: SentRequest): string {
  const url = new URL(request.url);
  const query = pairs(url.search);
  const body = canonicalBody(request);
  const address = `${url.origin}${canonicalPath(url.pathname)}${query === "" ? "" : `?${query}`}`;
  return `${request.method} ${address}${body === "" ? "" : ` body ${body}`}`;
}

/** The headers that carry meaning. `*`+`/*` is what no `accept` means. */
export function headersThatMatter(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name, value]) => !OWN_HEADERS.has(name) && !(name === "accept" && value === "*/*"));
  return Object.fromEntries(entries);
}
