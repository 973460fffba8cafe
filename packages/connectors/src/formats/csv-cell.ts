// One cell of the CSV that conversions write and the engine reads: comma, double quote, line feed.

const special = /[",\r\n]/;

/** The text as a cell, quoted where it has to be. */
export function csvCell(text: string): string {
  return special.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
