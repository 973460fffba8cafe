// A page's bytes as JSON: parsed once, for its cursor and its records' high water; the bytes themselves are what is stored and loaded.
import { didYouMean, MillraceError } from "@millrace/core";
import { valueAt } from "./json-path.ts";

export interface PageDocument {
  /** As they came, without a byte order mark. */
  readonly bytes: Uint8Array;
  readonly document: unknown;
}

export interface PageSource {
  readonly place: string;
  readonly contentType: string;
  /** Makes the start of the body fit for a message. */
  readonly excerpt: (start: Uint8Array) => string;
}

/** @throws MillraceError upstream-not-json */
export function parsePage(raw: Uint8Array, source: PageSource): PageDocument {
  const bytes = raw[0] === 0xef && raw[1] === 0xbb && raw[2] === 0xbf ? raw.subarray(3) : raw;
  try {
    return { bytes, document: JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)) };
  } catch {
    // The parser's own message quotes the body, which may repeat a secret.
    const type = source.contentType === "" ? "without a content type" : source.contentType;
    throw new MillraceError(
      "upstream-not-json",
      `${source.place} answered with something that is not JSON (${type}, ${raw.byteLength} bytes)${source.excerpt(raw.subarray(0, 1000))}`,
      { details: { contentType: source.contentType, bytes: raw.byteLength } },
    );
  }
}

/** True for answers that will not turn into JSON by asking again: a login or error page. */
export function isMarkup({ contentType }: PageSource, raw: Uint8Array): boolean {
  return /html|xml/i.test(contentType) || new TextDecoder().decode(raw.subarray(0, 64)).trimStart().startsWith("<");
}

/** The records of a page. `null` at the path, or as the page, means none; at the root, one object is one record. @throws MillraceError upstream-records-missing */
export function recordsOf(document: unknown, path: readonly string[], place: string): readonly unknown[] {
  const found = document === null ? null : valueAt(document, path);
  if (Array.isArray(found)) return found;
  if (found === null) return [];
  if (path.length === 0 && typeof found === "object") return [found];
  const written = `$${path.map((name) => `.${name}`).join("")}`;
  const what = found === undefined ? "nothing" : `a value of type ${typeof found}`;
  throw new MillraceError(
    "upstream-records-missing",
    `${place}: there is ${what} at records ${written}, a list is expected. ${present(document, path)}`,
    {
      details: { records: written },
    },
  );
}

function present(document: unknown, path: readonly string[]): string {
  if (Array.isArray(document)) return 'The page itself is a list: records is "$".';
  if (typeof document !== "object" || document === null) return `The page is a ${typeof document}.`;
  const names = Object.entries(document).map(([name, value]) =>
    Array.isArray(value) ? `${name} (list of ${value.length})` : name,
  );
  const shown = names.slice(0, 20).join(", ");
  return `The page has ${shown === "" ? "no fields" : shown}${didYouMean(path[0] ?? "", Object.keys(document))}.`;
}
