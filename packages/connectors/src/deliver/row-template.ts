// Texts and bodies with `{column}` in them, filled with the values of a row.
import { MillraceError } from "@millrace/core";

const place = /\{([A-Za-z_]\w*)\}/g;
const whole = /^\{([A-Za-z_]\w*)\}$/;

type Row = Readonly<Record<string, unknown>>;

/** Names of the columns that a text uses. */
export function columnsIn(text: string): string[] {
  return Array.from(text.matchAll(place), (match) => match[1] ?? "");
}

/** A path whose values are percent-encoded. @throws MillraceError delivery-row-unfit where a value is missing or would change the path */
export function fillPath(template: string, row: Row): string {
  return template.replaceAll(place, (_, column: string) => {
    const text = textOf(row[column]);
    if (text === "" || text === "." || text === "..")
      throw new MillraceError(
        "delivery-row-unfit",
        `The row has no value for {${column}} that can stand in the path ${template}.`,
      );
    return encodeURIComponent(text);
  });
}

/** A text; NULL is empty. */
export function fillText(template: string, row: Row): string {
  return template.replaceAll(place, (_, column: string) => textOf(row[column]));
}

/** A JSON body: a text that is one column alone becomes its value, `{rows}` becomes the list of rows. */
export function fillBody(template: unknown, rows: readonly Row[]): unknown {
  if (Array.isArray(template)) return template.map((item) => fillBody(item, rows));
  if (typeof template === "object" && template !== null)
    return Object.fromEntries(Object.entries(template).map(([name, value]) => [name, fillBody(value, rows)]));
  if (typeof template !== "string") return template;
  const column = whole.exec(template)?.[1];
  if (column === "rows") return rows;
  const [first = {}] = rows;
  return column === undefined ? fillText(template, first) : (first[column] ?? null);
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "object" && "rawJSON" in value) return String(value.rawJSON);
  return typeof value === "object" ? JSON.stringify(value) : String(value as string | number | bigint | boolean);
}
