// Which form an answer takes, from the Accept header.
import { MillraceError } from "@millrace/core";

/** `object`: one row as a JSON object, as PostgREST's clients ask for it. */
export type MediaKind = "json" | "csv" | "ndjson" | "object";

const contentTypes: Readonly<Record<MediaKind, string>> = {
  json: "application/json; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  ndjson: "application/x-ndjson; charset=utf-8",
  object: "application/vnd.pgrst.object+json; charset=utf-8",
};

const kinds: Readonly<Record<string, MediaKind>> = {
  "*/*": "json",
  "application/*": "json",
  "application/json": "json",
  "text/csv": "csv",
  "text/*": "csv",
  "application/x-ndjson": "ndjson",
  "application/ndjson": "ndjson",
  "application/vnd.pgrst.object+json": "object",
};

const acceptLengthMax = 1_000;

export function contentType(kind: MediaKind): string {
  return contentTypes[kind];
}

/** The best of what the caller accepts; JSON when it says nothing. @throws MillraceError not-acceptable */
export function acceptedMedia(accept: string | undefined): MediaKind {
  if (accept === undefined || accept === "*/*" || accept === "application/json" || accept.trim() === "") return "json";
  let best: MediaKind | undefined;
  let bestWeight = 0;
  for (const range of accept.slice(0, acceptLengthMax).split(",")) {
    const [name = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const kind = kinds[name];
    const weight = weightOf(parameters);
    if (kind === undefined || weight <= bestWeight) continue;
    best = kind;
    bestWeight = weight;
  }
  if (best !== undefined) return best;
  throw new MillraceError("not-acceptable", "No representation fits the Accept header.", {
    hint: "Accept application/json, application/x-ndjson or text/csv.",
  });
}

function weightOf(parameters: readonly string[]): number {
  const text = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  if (text === undefined) return 1;
  const weight = Number(text);
  return weight >= 0 && weight <= 1 ? weight : 0;
}
