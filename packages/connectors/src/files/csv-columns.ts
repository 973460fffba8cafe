// Compares the columns of a CSV file with the contract before anything is loaded.
import { didYouMean, type ColumnDefinition, type ContractDefinition } from "@millrace/core";

/** The name under which a column stands in the source. */
export function sourceName(column: ColumnDefinition): string {
  return column.source ?? column.name;
}

/** Names the required columns that are missing, with what is there instead, and names that appear twice; nothing when the file fits. */
export function columnProblem(contract: ContractDefinition, found: readonly string[]): string | undefined {
  const seen = new Map<string, string>();
  for (const name of found.filter((text) => text !== "")) {
    const twin = seen.get(name.toLowerCase());
    if (twin !== undefined)
      return `column "${name}" appears twice${twin === name ? "" : ` (as "${twin}")`}; found ${found.join(", ")}`;
    seen.set(name.toLowerCase(), name);
  }
  const known = contract.columns.map((column) => sourceName(column).toLowerCase());
  const spare = found.filter((name) => !known.includes(name.toLowerCase()));
  const missing = contract.columns.filter((column) => column.required && !seen.has(sourceName(column).toLowerCase()));
  if (missing.length === 0) return undefined;
  // Without a single known name, the first record may be data, which may be personal.
  if (spare.length === found.length && contract.columns.some((column) => column.pii))
    return `none of the ${found.length} names in its first record is a column of contract "${contract.name}"; is there a header?`;
  const names = missing.map(
    (column) =>
      `"${sourceName(column)}"${didYouMean(sourceName(column), spare).replace("; did you mean", ", perhaps").replace("?", "")}`,
  );
  return `required ${missing.length === 1 ? "column" : "columns"} missing: ${names.join("; ")}; found ${found.join(", ") || "none"}`;
}
