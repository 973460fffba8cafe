// What a caller may learn when the engine refuses: the kind of fault, never the engine's text, which can quote stored values.
import { MillraceError, toMillraceError } from "@millrace/core";
import type { Filter } from "./grammar/syntax.ts";
import type { CompiledRequest } from "./data-request.ts";

/** Faults that the request itself caused are told in its words; the engine's own message stays in `cause`. */
export function answerFault(thrown: unknown, request: Pick<CompiledRequest, "query">): MillraceError {
  const error = toMillraceError(thrown);
  if (error.code === "query-failed")
    return new MillraceError("query-failed", causeOf(request), { cause: error, hint: "Correct the request." });
  if (error.code === "query-invalid" && hasCast(request))
    return new MillraceError("query-invalid", "A column cannot be cast to the type that select asks for.", {
      cause: error,
      hint: "Correct the request.",
    });
  if (error.code === "query-invalid")
    return new MillraceError("query-invalid", "The table changed its columns meanwhile.", {
      cause: error,
      hint: "Ask again; see /openapi.json for the columns of today.",
    });
  return error;
}

function causeOf({ query }: Pick<CompiledRequest, "query">): string {
  const casts = hasCast({ query });
  const patterns = query.filters.some(hasPattern);
  if (patterns && !casts) return "A pattern of match or imatch is not a valid regular expression.";
  if (patterns) return "A pattern is not a valid regular expression, or a stored value cannot be cast as asked.";
  if (casts) return "A stored value cannot be cast to the type that select asks for.";
  return "The rows cannot be read as asked.";
}

function hasCast({ query }: Pick<CompiledRequest, "query">): boolean {
  return query.select.some((item) => item.kind === "column" && item.cast !== undefined);
}

function hasPattern(filter: Filter): boolean {
  if (filter.kind !== "column") return filter.items.some(hasPattern);
  const { test } = filter;
  return (
    (test.kind === "value" || test.kind === "quantified") && (test.operator === "match" || test.operator === "imatch")
  );
}
