// The options of `files()` as data, and the rules between them. Documentation and validation come from here.
import { isAbsolute } from "node:path";
import { parseExpectedBy, type ContractDefinition, type Trigger, type WriteMode } from "@millrace/core";
import { everyField, intoFields, OptionProblem } from "../authoring/declare-channel.ts";
import {
  bool,
  duration,
  durationOrZero,
  oneOf,
  parsed,
  setting,
  show,
  text,
  texts,
  variant,
} from "../authoring/option-checks.ts";
import { optional, required, type OptionCheck, type OptionField } from "../authoring/option-fields.ts";
import { archiveRoot } from "./after-load.ts";
import { columnProblem } from "./csv-columns.ts";
import type { FilesConfig } from "./files-config.ts";
import { formatOfName } from "./file-format.ts";
import { checkForFormat, fileFormats, formatFields, parseRecords, textFields } from "./format-fields.ts";
import { splitPattern } from "./places/file-pattern.ts";
import { placeCheck } from "./places/place-config.ts";

const oneCharacter: OptionCheck = (value, path) =>
  typeof value === "string" && /^[^\r\n]$/u.test(value) ? undefined : `"${path}" is one character`;

const quoteCheck: OptionCheck = (value, path) => (value === "" ? undefined : oneCharacter(value, path));

const readinessCheck = variant(
  {
    marker: [required("name", "string", text, "name of the marker file")],
    "quiet-period": [required("period", "duration", durationOrZero, "how long the file stood still")],
    manifest: [required("name", "string", text, "name of the manifest")],
  },
  'marker("_SUCCESS"), manifest("manifest.json") or quietPeriod("5s")',
);

const expectedByCheck: OptionCheck = (value, path) =>
  typeof value === "string" && parseExpectedBy(value) !== undefined
    ? undefined
    : `"${path}" is a time with its zone such as "07:30 Europe/Berlin" or "mon-fri 07:30 UTC", or an interval such as "24h"; received ${show(value)}`;

const afterCheck: OptionCheck = (value, path) =>
  value === "keep" || value === "delete"
    ? undefined
    : variant(
        { archive: [required("folder", "string", text, "where files go")] },
        'archive("done/{yyyy}-{mm}-{dd}"), or is "keep" or "delete"',
      )(value, path);

export const filesFields: readonly OptionField[] = [
  required("pattern", "string", text, "files to load: a glob that starts from `folder`; the first argument of files()"),
  ...intoFields,
  optional("from", "http() | sftp()", placeCheck, "where the files stand", { default: "a folder of this machine" }),
  optional("folder", "string | env()", setting, "folder that the pattern starts from", {
    default: "the project's folder",
  }),
  optional("ready", "marker() | manifest() | quietPeriod()", readinessCheck, "when a file is complete", {
    default: 'quietPeriod("2s")',
  }),
  everyField(true, '"on-arrival"; "5m" with `from`'),
  optional(
    "expectedBy",
    "time with zone | duration",
    expectedByCheck,
    "when something must have arrived, else it is late",
    {
      default: "never late",
      beside: true,
    },
  ),
  optional(
    "format",
    fileFormats.map((format) => `"${format}"`).join(" | "),
    oneOf(...fileFormats),
    "how files are decoded",
    {
      default: "from each file's extension",
    },
  ),
  optional(
    "onRewrite",
    '"replace" | "append" | "reject"',
    oneOf("replace", "append", "reject"),
    "what new content under a known path does",
    {
      default: '"replace"',
    },
  ),
  optional(
    "onDelete",
    '"keep" | "remove"',
    oneOf("keep", "remove"),
    "what becomes of the rows of a file that was deleted",
    { default: '"keep"' },
  ),
  optional("after", 'archive() | "delete" | "keep"', afterCheck, "what happens to a file once its rows are committed", {
    default: '"keep"',
  }),
  optional("delimiter", "string", oneCharacter, "CSV: character between cells", {
    default: "found in the first line: , ; tab or |",
  }),
  optional("quote", "string", quoteCheck, 'CSV: character around cells; "" when cells are never quoted', {
    default: '"',
  }),
  optional("header", "boolean", bool, "CSV and spreadsheets: whether a line or row names the columns", {
    default: "true",
  }),
  optional("columns", "string[]", texts, "CSV and spreadsheets without header: names in file order", {
    default: "the contract's columns",
  }),
  optional(
    "nullTokens",
    "string[]",
    texts,
    "CSV, fixed width and spreadsheets: texts that mean NULL, beside the empty cell",
    {
      default: "none",
    },
  ),
  optional(
    "records",
    "string",
    parsed(parseRecords),
    "JSON: path of the array of records; XML: path of their elements, such as /catalog/item",
    {
      default: 'JSON: "$"',
    },
  ),
  ...textFields,
  ...formatFields,
  optional(
    "rescan",
    "duration",
    duration,
    "with on-arrival: looks again after this time even without a report of a change",
    {
      default: '"1m"',
    },
  ),
];

/** Refuses options that contradict each other or would do nothing. @throws OptionProblem */
export function checkFilesConfig(
  config: FilesConfig,
  {
    contract,
    every,
    write,
  }: { readonly contract: ContractDefinition; readonly every: Trigger; readonly write: WriteMode },
): void {
  checkPlace(config, every);
  checkDepartures(config, write);
  const format = config.format ?? formatOfName(config.pattern)?.format;
  if (format !== undefined) checkForFormat(config, format);
  if (isAbsolute(config.pattern) && config.folder !== undefined)
    throw new OptionProblem('"folder" is where a relative pattern starts; this one is absolute');
  if (config.rescan !== undefined && every !== "on-arrival")
    throw new OptionProblem(`"rescan" belongs to every: "on-arrival"; this channel works ${every}`);
  if (config.columns !== undefined && config.header !== false)
    throw new OptionProblem('"columns" is for files without a header; add header: false');
  if (config.delimiter !== undefined && config.delimiter === (config.quote ?? '"'))
    throw new OptionProblem('"delimiter" and "quote" are the same character');
  const problem = config.columns === undefined ? undefined : columnProblem(contract, config.columns);
  if (problem !== undefined) throw new OptionProblem(`"columns": ${problem}`);
  checkFixedColumns(config, contract);
}

/** What a place that is no folder of this machine cannot do. */
function checkPlace({ from, folder, pattern, after = "keep", onDelete }: FilesConfig, every: Trigger): void {
  if (from === undefined) return;
  if (folder !== undefined)
    throw new OptionProblem('"folder" is a folder of this machine; sftp({ folder }) is one of the server');
  if (isAbsolute(pattern)) throw new OptionProblem('the pattern is absolute; with "from" it starts from that place');
  if (every === "on-arrival")
    throw new OptionProblem(
      `${from.kind}() cannot tell of arrivals; "every" is a duration such as "5m", or a cron expression`,
    );
  if (from.kind === "http" && after !== "keep")
    throw new OptionProblem('"after": files behind HTTP addresses stay where they are');
  if (from.kind === "http" && from.urls !== undefined && onDelete === "remove")
    throw new OptionProblem('onDelete: "remove" needs a place that lists its files; "urls" names them');
}

/** What leaves its place, and what its leaving does. */
function checkDepartures({ after = "keep", onDelete = "keep", pattern }: FilesConfig, write: WriteMode): void {
  if (onDelete === "remove" && after !== "keep")
    throw new OptionProblem('"after" takes loaded files away, and onDelete: "remove" would take their rows with them');
  if (onDelete === "remove" && write === "merge")
    throw new OptionProblem(
      'onDelete: "remove" needs write: "append" or "replace": with merge, rows that a deleted file replaced would not come back',
    );
  const root = archiveRoot(after);
  if (root === undefined) return;
  const { fixed } = splitPattern(pattern);
  if (root === "" || root.split("/").includes("..") || `${fixed}/`.startsWith(`${root}/`))
    throw new OptionProblem(
      `"after": files cannot be archived in the folder that they are read from; begin with another one, as in archive("done/{yyyy}-{mm}-{dd}")`,
    );
}

function checkFixedColumns({ fixedWidth }: FilesConfig, contract: ContractDefinition): void {
  const names = fixedWidth?.columns.map(({ name }) => name);
  const problem = names === undefined ? undefined : columnProblem(contract, names);
  if (problem !== undefined) throw new OptionProblem(`"fixedWidth": ${problem}`);
}
