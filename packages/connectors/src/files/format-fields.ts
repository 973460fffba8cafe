// The options of `files()` that belong to families of formats, as data, and which format takes which.
import { OptionProblem } from "../authoring/declare-channel.ts";
import { integer, object, oneOf, parsed, show, text } from "../authoring/option-checks.ts";
import { optional, required, type OptionCheck, type OptionField } from "../authoring/option-fields.ts";
import { parseRange, sheetBounds } from "../formats/sheets/cell-address.ts";
import { isEncoding } from "../formats/text/detect-encoding.ts";
import { parseJsonPath } from "../rest/json-path.ts";
import type { FileFormat, FilesConfig } from "./files-config.ts";

export const fileFormats: readonly FileFormat[] = [
  "csv",
  "ndjson",
  "json",
  "parquet",
  "xlsx",
  "xls",
  "ods",
  "xml",
  "fixed",
];

const sheets: readonly FileFormat[] = ["xlsx", "xls", "ods"];
const texts: readonly FileFormat[] = ["csv", "ndjson", "json", "xml", "fixed"];

/** The formats that an option is for; options that are not here are for all. */
const takenBy: Readonly<
  Partial<Record<keyof FilesConfig, { readonly formats: readonly FileFormat[]; readonly what: string }>>
> = {
  delimiter: { formats: ["csv"], what: "CSV" },
  quote: { formats: ["csv"], what: "CSV" },
  header: { formats: ["csv", ...sheets], what: "CSV and spreadsheets" },
  columns: { formats: ["csv", ...sheets], what: "CSV and spreadsheets" },
  nullTokens: { formats: ["csv", "fixed", ...sheets], what: "CSV, fixed width and spreadsheets" },
  records: { formats: ["json", "xml"], what: "JSON documents and XML" },
  encoding: { formats: texts, what: "text" },
  fixedWidth: { formats: ["fixed"], what: "fixed width" },
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

const linesMax = 1000;
const columnCheck: OptionCheck = object([
  required("name", "string", text, "the column's name in the source"),
  required("start", "number", integer({ min: 1, max: 1_000_000 }), "its first character, from 1"),
  required("width", "number", integer({ min: 1, max: 1_000_000 }), "its characters"),
]);
const columnsCheck: OptionCheck = (value, path) => {
  if (!Array.isArray(value) || value.length === 0) return `"${path}" is a list of columns with name, start and width`;
  for (const [at, column] of value.entries()) {
    const problem = columnCheck(column, `${path}[${at}]`);
    if (problem !== undefined) return problem;
  }
  return undefined;
};
const fixedWidthFields: readonly OptionField[] = [
  required(
    "columns",
    "{ name, start, width }[]",
    columnsCheck,
    "where the cells of a line stand; `start` counts characters from 1",
  ),
  optional("headerLines", "number", integer({ min: 0, max: linesMax }), "lines at the beginning that are no records", {
    default: "0",
  }),
  optional("trailerLines", "number", integer({ min: 0, max: linesMax }), "lines at the end that are no records", {
    default: "0",
  }),
];
const encodingCheck: OptionCheck = (value, path) =>
  typeof value === "string" && isEncoding(value)
    ? undefined
    : `"${path}" is the name of an encoding, such as "windows-1252", "shift_jis" or "utf-16le"; received ${show(value)}`;

export const textFields: readonly OptionField[] = [
  optional("encoding", "string", encodingCheck, "text: its encoding, such as windows-1252, shift_jis or utf-16le", {
    default: "UTF-8, or UTF-16 where the file begins so; XML may declare its own",
  }),
  optional("fixedWidth", "object", object(fixedWidthFields), "fixed width: the cells of a line", {
    inner: fixedWidthFields,
  }),
];

/** `$.data` of JSON documents, `/catalog/item` of XML. @throws Error that says what is wrong */
export function parseRecords(path: string): readonly string[] {
  return path.startsWith("/") ? parseXmlPath(path) : parseJsonPath(path);
}

/** The names of `/catalog/item`. @throws Error that says what a path is */
export function parseXmlPath(path: string): readonly string[] {
  const names = path.split("/").slice(1);
  if (path.startsWith("/") && names.every((name) => /^[^\s/<>"'=&*[\]@]+$/.test(name))) return names;
  throw new Error(`is a path of elements such as "/catalog/item"; received ${JSON.stringify(path)}`);
}

/** Refuses options that would do nothing for files of this format, and those that contradict each other. @throws OptionProblem */
export function checkForFormat(config: FilesConfig, format: FileFormat): void {
  for (const [name, { formats, what }] of Object.entries(takenBy))
    if (config[name as keyof FilesConfig] !== undefined && !formats.includes(format))
      throw new OptionProblem(`"${name}" is for ${what}; these files are ${format}`);
  checkPlaces(config, format);
  const headed = config.headerRow ?? config.headerRows ?? config.headerJoin;
  if (config.header === false && headed !== undefined)
    throw new OptionProblem(
      '"headerRow", "headerRows" and "headerJoin" are for files with a header; this channel says header: false',
    );
  if (config.headerJoin !== undefined && (config.headerRows ?? 1) === 1)
    throw new OptionProblem('"headerJoin" joins the texts of several rows; add headerRows: 2');
}

/** Where the records of formats stand that nobody could guess. */
function checkPlaces({ fixedWidth, records }: FilesConfig, format: FileFormat): void {
  if (format === "fixed" && fixedWidth === undefined)
    throw new OptionProblem('files of fixed width need "fixedWidth", with their columns');
  if (format === "xml" && records?.startsWith("/") !== true)
    throw new OptionProblem('XML needs "records", the path of the records\' elements, such as "/catalog/item"');
  if (format === "json" && records?.startsWith("/") === true)
    throw new OptionProblem('"records" of JSON documents begins with $, such as "$.data"');
}
