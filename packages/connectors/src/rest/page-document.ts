// The records of a page, and what to say when there are none where they should be.
import { didYouMean, MillraceError } from "@millrace/core";
import { valueAt } from "./json-path.ts";

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
