// A name of a caller as a column of the catalogue.
import { didYouMean, MillraceError } from "@millrace/core";
import type { ServedColumn, ServedTable } from "../../catalogue/served-table.ts";

const namesShownMax = 100;

/** @throws MillraceError request-invalid, with the nearest name and the columns there are */
export function findColumn(table: ServedTable, name: string): ServedColumn {
  const column = table.find(name);
  if (column !== undefined) return column;
  const names = table.columns.map((known) => known.name);
  const shown = JSON.stringify(name.slice(0, 100));
  throw new MillraceError("request-invalid", `${table.fullName} has no column ${shown}${didYouMean(name, names)}`, {
    hint: `Its columns are ${names.slice(0, namesShownMax).join(", ")}.`,
    details: { column: name.slice(0, 100), columns: names.slice(0, namesShownMax) },
  });
}
