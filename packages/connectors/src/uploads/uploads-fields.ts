// The options of `uploads()` as data. Documentation and validation come from here.
import { intoFields } from "../authoring/declare-channel.ts";
import { bool, duration, integer, oneOf, parsed, show, texts } from "../authoring/option-checks.ts";
import { optional, type OptionCheck, type OptionField } from "../authoring/option-fields.ts";
import { fileFormats, formatFields } from "../files/format-fields.ts";
import { parseJsonPath } from "../rest/json-path.ts";
import type { UploadedRows } from "./uploads-config.ts";

const GIB = 1024 * 1024 * 1024;

const typesCheck: OptionCheck = (value, path) => {
  const problem = texts(value, path);
  if (problem !== undefined) return problem;
  const types = value as readonly string[];
  if (types.length === 0) return `"${path}" names at least one type`;
  const wrong = types.find((type) => !/^[a-z0-9.+-]+\/(?:\*|[a-z0-9.+-]+)$/i.test(type));
  return wrong === undefined
    ? undefined
    : `"${path}" holds media types such as "application/pdf" or "image/*"; received ${show(wrong)}`;
};

const oneCharacter: OptionCheck = (value, path) =>
  typeof value === "string" && /^[^\r\n]$/u.test(value) ? undefined : `"${path}" is one character`;

const rowFields: readonly (OptionField & { readonly name: keyof UploadedRows })[] = [
  ...(formatFields as readonly (OptionField & { readonly name: keyof UploadedRows })[]),
  field(
    "format",
    fileFormats.map((name) => `"${name}"`).join(" | "),
    oneOf(...fileFormats),
    "how files are decoded",
    "from each file's extension",
  ),
  field(
    "onRewrite",
    '"append" | "replace" | "reject"',
    oneOf("append", "replace", "reject"),
    "what another content under a known name does",
    '"append"',
  ),
  field("delimiter", "string", oneCharacter, "CSV: character between cells", "found in the first line"),
  field("header", "boolean", bool, "CSV: whether the first line names the columns", "true"),
  field("nullTokens", "string[]", texts, "CSV: texts that mean NULL, beside the empty cell", "none"),
  field("records", "string", parsed(parseJsonPath), "JSON: path of the array of records", '"$"'),
  field(
    "unpackedBytesMax",
    "number",
    integer({ min: 1, max: 1024 * GIB }),
    "largest content of a compressed file, in bytes",
    String(GIB),
  ),
];

/** Options of `as: "rows"` alone. */
export const rowFieldNames: readonly (keyof UploadedRows)[] = rowFields.map(({ name }) => name);

export const uploadsFields: readonly OptionField[] = [
  ...intoFields,
  optional(
    "as",
    '"blobs" | "rows"',
    oneOf("blobs", "rows"),
    "one row per file with its content in the object store, or the records of data files",
    { default: '"blobs"' },
  ),
  optional("types", "string[]", typesCheck, "media types that are taken, by content: `application/pdf`, `image/*`", {
    default: "all",
  }),
  optional("fileBytesMax", "number", integer({ min: 1, max: 1024 * GIB }), "largest file, in bytes", {
    default: String(100 * 1024 * 1024),
  }),
  optional("filesMax", "number", integer({ min: 1, max: 1000 }), "files in one request", { default: "20" }),
  optional(
    "refused",
    '"drop" | "keep"',
    oneOf("drop", "keep"),
    "what becomes of a refused file's content; its row stands in quarantine either way",
    { default: '"drop"' },
  ),
  optional("timeout", "duration", duration, "longest time of a whole request", { default: '"15m"' }),
  optional("stall", "duration", duration, "longest time without a byte", { default: '"30s"' }),
  ...rowFields.map((one) => ({ ...one, summary: `rows: ${one.summary}` })),
];

function field<Name extends string>(
  name: Name,
  type: string,
  check: OptionCheck,
  summary: string,
  byDefault: string,
): OptionField & { readonly name: Name } {
  return { ...optional(name, type, check, summary, { default: byDefault }), name };
}
