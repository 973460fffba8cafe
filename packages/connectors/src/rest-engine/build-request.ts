// Puts the parts of a request together. Two parts that say different things about one name are an error of the stream, not a matter of order.
import { MillraceError } from "@millrace/core";
import { setAtPath } from "./record-path.ts";
import type { PreparedRequest, RequestOption, RequestParts } from "./request.ts";
import type { Fields } from "./slice.ts";

/** The part that carries one value. */
export function partOf(option: RequestOption | undefined, value: unknown): RequestParts {
  if (option === undefined || value === undefined) return {};
  const holder: Record<string, unknown> = {};
  if (option.into === "json") setAtPath(holder, option.path, value);
  else holder[option.path.join(".")] = value;
  switch (option.into) {
    case "query":
      return { query: holder };
    case "header":
      return { headers: holder };
    case "form":
      return { form: holder };
    case "json":
      return { json: holder };
  }
}

/** All parts as one. Equal values of one name in JSON bodies are no conflict. @throws MillraceError request-conflict */
export function joinParts(parts: readonly RequestParts[]): RequestParts {
  const texts = parts.map(({ form }) => form).filter((form) => typeof form === "string");
  const forms = parts
    .map(({ form }) => form)
    .filter((form) => typeof form === "object" && Object.keys(form).length > 0);
  if (texts.length + forms.length > 1 && texts.length > 0)
    throw conflict("body", "it is text, and another part of the stream adds to it");
  const form = texts[0] ?? joinFields("form", forms as readonly Fields[]);
  return {
    query: joinFields(
      "query parameter",
      parts.map((part) => part.query ?? {}),
    ),
    headers: joinFields(
      "header",
      parts.map((part) => part.headers ?? {}),
    ),
    ...(typeof form === "string" || Object.keys(form).length > 0 ? { form } : {}),
    ...(parts.some(({ json }) => json !== undefined)
      ? {
          json: joinFields(
            "body field",
            parts.map((part) => part.json ?? {}),
            true,
          ),
        }
      : {}),
  };
}

/** All parts as one, where a later one may say a name anew. */
export function overlayParts(parts: readonly RequestParts[]): RequestParts {
  const of = (name: "query" | "headers" | "json"): Fields =>
    Object.assign({}, ...parts.map((part) => part[name] ?? {})) as Fields;
  const form = Object.assign({}, ...parts.map((part) => (typeof part.form === "object" ? part.form : {}))) as Fields;
  return { query: of("query"), headers: of("headers"), json: of("json"), form };
}

function joinFields(what: string, all: readonly Fields[], deep = false): Fields {
  const joined: Record<string, unknown> = {};
  for (const fields of all) merge(joined, fields, { what, deep, path: "" });
  return joined;
}

interface MergeRule {
  readonly what: string;
  readonly deep: boolean;
  readonly path: string;
}

function merge(into: Record<string, unknown>, from: Fields, { what, deep, path }: MergeRule): void {
  for (const [name, value] of Object.entries(from)) {
    const present = into[name];
    const place = path === "" ? name : `${path}.${name}`;
    if (!Object.hasOwn(into, name)) into[name] = deep ? structuredClone(value) : value;
    else if (deep && isFields(present) && isFields(value)) merge(present, value, { what, deep, path: place });
    else if (!deep || JSON.stringify(present) !== JSON.stringify(value))
      throw conflict(`${what} "${place}"`, "two parts of the stream set it");
  }
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function conflict(what: string, why: string): MillraceError {
  return new MillraceError("request-conflict", `The ${what} of a request is ambiguous: ${why}.`);
}

/** GET among them: some APIs take search conditions that way. */
const bodyMethods = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"]);

/** @throws MillraceError request-conflict, channel-invalid for an address or header that is none */
export function prepareRequest(method: string, address: string, parts: RequestParts): PreparedRequest {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new MillraceError("channel-invalid", `"${address.split("?")[0]}" is not an http or https address.`);
  addQuery(url, parts.query ?? {});
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(parts.headers ?? {}))
    if (value !== undefined && value !== null) headers[name.toLowerCase()] = textOf(value);
  if (!bodyMethods.has(method)) return { method, url, headers };
  const { form, json } = parts;
  const isEmpty = json === undefined || Object.keys(json).length === 0;
  if (!isEmpty && form !== undefined) throw conflict("body", "it has JSON fields and form fields");
  if (!isEmpty)
    return { method, url, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(json) };
  if (typeof form === "string") return { method, url, headers, body: form };
  if (form === undefined) return { method, url, headers };
  const encoded = new URLSearchParams(pairs(form)).toString();
  return { method, url, headers: { "content-type": "application/x-www-form-urlencoded", ...headers }, body: encoded };
}

/** Parameters that the address has with the same value already are not repeated. */
function addQuery(url: URL, query: Fields): void {
  for (const [name, value] of pairs(query))
    if (!url.searchParams.getAll(name).includes(value)) url.searchParams.append(name, value);
}

/** Lists are repeated names; null and undefined are left out. */
function pairs(fields: Fields): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as unknown[]) : [value])
      .filter((item) => item !== undefined && item !== null)
      .map((item): [string, string] => [name, textOf(item)]),
  );
}

export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "object" ? JSON.stringify(value) : `${value as number}`;
}

/**
 * The address of a path below a base: an address is taken as it is, a path is joined as RFC 3986 says, the base counting as a folder.
 * Empty segments go: a base that ends with `/` in a config must not ask for another address.
 */
export function joinUrl(base: string, path: string): string {
  if (path === "") return base;
  const relative = path.replace(/^\/+/, "");
  if (URL.canParse(relative)) return new URL(relative).href;
  const joined = new URL(relative, base.endsWith("/") ? base : `${base}/`);
  joined.pathname = joined.pathname.replaceAll(/\/{2,}/g, "/");
  return joined.href;
}
