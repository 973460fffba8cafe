// The options of `files()` that belong to families of formats, as data, and which format takes which.
import { OptionProblem } from "../authoring/declare-channel.ts";
import { integer, oneOf, parsed, show, text } from "../authoring/option-checks.ts";
import { optional, type OptionCheck, type OptionField } from "../authoring/option-fields.ts";
import { parseRange, sheetBounds } from "../formats/sheets/cell-address.ts";
import type { FileFormat, FilesConfig } from "./files-config.ts";

export const fileFormats: readonly FileFormat[] = ["csv", "ndjson", "json", "parquet", "xlsx", "xls", "ods"];

const sheets: readonly FileFormat[] = ["xlsx", "xls", "ods"];

/** The formats that an option is for; options that are not here are for all. */
const takenBy: Readonly<
  Partial<Record<keyof FilesConfig, { readonly formats: readonly FileFormat[]; readonly what: string }>>
> = {
  delimiter: { formats: ["csv"], what: "CSV" },
  quote: { formats: ["csv"], what: "CSV" },
  header: { formats: ["csv", ...sheets], what: "CSV and spreadsheets" },
  columns: { formats: ["csv", ...sheets], what: "CSV and spreadsheets" },
  nullTokens: { formats: ["csv", ...sheets], what: "CSV and spreadsheets" },
  records: { formats: ["json"], what: "JSON documents" },
  sheet: { formats: sheets, what: "spreadsheets" },
  range: { formats: sheets, what: "spreadsheets" },
  headerRow: { formats: sheets, what: "spreadsheets" },
  headerRows: { formats: sheets, what: "spreadsheets" },
  headerJoin: { formats: sheets, what: "spreadsheets" },
  mergedCells: { formats: sheets, what: "spreadsheets" },
};

const headerHeightMax = 10;

const sheetCheck: OptionCheck = (value, path) =>
  (typeof value === "string" && value !== "") || (Number.isInteger(value) && Number(value) > 0)
    ? undefined
    : `"${path}" is a sheet's name, or its number from 1; received ${show(value)}`;

export const formatFields: readonly OptionField[] = [
  optional("sheet", "string | number", sheetCheck, "spreadsheets: name (`*` and `?` for several) or number from 1", {
    default: "the only sheet that is not hidden",
  }),
  optional("range", "string", parsed(parseRange), "spreadsheets: where to look, such as B4:H200, B4:H or B:H", {
    default: "the whole sheet",
  }),
  optional(
    "headerRow",
    "number",
    integer({ min: 1, max: sheetBounds.rows }),
    "spreadsheets: row of the header, or its first row",
    {
      default: "the one row among the first 100 that names what the contract requires",
    },
  ),
  optional(
    "headerRows",
    "number",
    integer({ min: 1, max: headerHeightMax }),
    "spreadsheets: rows that the header takes; their texts are joined, merged cells count for each of their columns",
    { default: "1" },
  ),
  optional("headerJoin", "string", text, "spreadsheets: what stands between the joined texts", { default: "a space" }),
  optional(
    "mergedCells",
    '"refuse" | "first" | "fill"',
    oneOf("refuse", "first", "fill"),
    "spreadsheets: merged cells among the records: refuse the file, only the first has the value, or all of them",
    { default: '"refuse"' },
  ),
];

/** Refuses options that would do nothing for files of this format, and those that contradict each other. @throws OptionProblem */
export function checkForFormat(config: FilesConfig, format: FileFormat): void {
  for (const [name, { formats, what }] of Object.entries(takenBy))
    if (config[name as keyof FilesConfig] !== undefined && !formats.includes(format))
      throw new OptionProblem(`"${name}" is for ${what}; these files are ${format}`);
  const headed = config.headerRow ?? config.headerRows ?? config.headerJoin;
  if (config.header === false && headed !== undefined)
    throw new OptionProblem(
      '"headerRow", "headerRows" and "headerJoin" are for files with a header; this channel says header: false',
    );
  if (config.headerJoin !== undefined && (config.headerRows ?? 1) === 1)
    throw new OptionProblem('"headerJoin" joins the texts of several rows; add headerRows: 2');
}
