// The options of deliveries and their targets as data, and the rules between them. Documentation and validation come from here.
import type { ContractDefinition, DeliveryDeclaration } from "@millrace/core";
import { OptionProblem, triggerCheck } from "../authoring/declare-channel.ts";
import {
  bool,
  duration,
  integer,
  number,
  object,
  oneOf,
  parsed,
  record,
  secretOnly,
  setting,
  settingOrSecret,
  text,
  texts,
  variant,
} from "../authoring/option-checks.ts";
import { optional, required, type OptionCheck, type OptionField } from "../authoring/option-fields.ts";
import { authenticationCheck } from "../rest/authentication.ts";
import { parseJsonPath } from "../rest/json-path.ts";
import type { FileTargetOptions, RestTargetOptions } from "./delivery-config.ts";
import { fileNameProblem, formatOf } from "./file-name.ts";
import { columnsIn } from "./row-template.ts";

const headerNames = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

const statuses: OptionCheck = (value, path) =>
  Array.isArray(value) && value.length > 0 && value.every((one) => Number.isInteger(one) && one >= 200 && one <= 599)
    ? undefined
    : `"${path}" is a list of HTTP statuses from 200 to 599`;

const path: OptionCheck = (value, at) =>
  typeof value === "string" && value.startsWith("/") ? undefined : `"${at}" is a path that begins with "/"`;

const names: OptionCheck = (value, at) =>
  Array.isArray(value) && value.length === 0 ? `"${at}" names no column` : texts(value, at);

const rateFields = [
  required("requests", "number", integer({ min: 1, max: 1_000_000 }), "requests in any span"),
  required("perSeconds", "number", number({ min: 0.001, max: 86_400 }), "length of the span"),
];

const requestFields: readonly OptionField[] = [
  optional("auth", "bearer() | hmac() | ...", authenticationCheck, "how requests prove who they are; as for rest()", {
    default: "none",
  }),
  optional(
    "headers",
    "object",
    record(settingOrSecret, headerNames),
    "headers of every request: text with `{column}`, env() or secret()",
  ),
  optional("rateLimit", "object", object(rateFields), "requests that the receiver ever sees within any span", {
    default: "no limit",
    inner: rateFields,
  }),
  optional("timeout", "duration", duration, "for one request, its answer included", { default: '"30s"' }),
  optional("success", "number[]", statuses, "statuses that acknowledge", { default: "200 to 299" }),
  optional("retryOn", "number[]", statuses, "statuses after which another try may help", {
    default: "408, 425, 429, 500, 502, 503, 504",
  }),
];

const deletionFields = [
  optional("method", '"DELETE" | "POST" | "PUT"', oneOf("DELETE", "POST", "PUT"), "method", { default: '"DELETE"' }),
  optional("path", "string", path, "path; it may name columns of the key alone", { default: "`path`" }),
];

const countFields = [
  required("path", "string", path, "path of the question, which is a GET"),
  required("at", "string", parsed(parseJsonPath), "where the answer has the number"),
];

export const restTargetFields: readonly OptionField[] = [
  required("baseUrl", "string | env()", setting, "address that the paths are appended to"),
  required("path", "string", path, "path of a request; `{column}` stands for a value of the row"),
  optional("method", '"POST" | "PUT" | "PATCH"', oneOf("POST", "PUT", "PATCH"), "method", { default: '"POST"' }),
  optional(
    "body",
    "object",
    record(() => undefined),
    "JSON body; `{column}` and `{rows}` are filled in",
    {
      default: "the row, or the list of rows",
    },
  ),
  optional("deletion", "object", object(deletionFields), "how rows that left are told", { inner: deletionFields }),
  optional("capture", "string", parsed(parseJsonPath), "path in the answer of what is kept beside the key"),
  optional("count", "object", object(countFields), "how many records the receiver holds, for reconciliation", {
    inner: countFields,
  }),
  ...requestFields,
];

export const webhookTargetFields: readonly OptionField[] = [
  required("url", "string | env()", setting, "address of the webhook"),
  required("secret", "secret()", secretOnly, "key of the signature (Standard Webhooks, HMAC-SHA256)"),
  optional("cloudEvents", "boolean", bool, "bodies are CloudEvents 1.0, structured mode", { default: "false" }),
  ...requestFields,
];

export const fileTargetFields: readonly OptionField[] = [
  required("folder", "string | env()", setting, "folder of the files"),
  required("name", "string", text, "name; `{version}`, `{date}`, `{time}` are filled in"),
  optional("format", '"csv" | "ndjson" | "parquet"', oneOf("csv", "ndjson", "parquet"), "format", {
    default: "by the extension",
  }),
  optional("manifest", "boolean", bool, "writes `<name>.manifest.json` with counts and checksum", { default: "true" }),
  optional("marker", "string", text, "a file written last; `{name}` stands for the file's name", { default: "none" }),
];

const batchFields = [
  optional("rows", "number", integer({ min: 1, max: 1_000_000 }), "most rows", { default: "1; of a file a million" }),
  optional("bytes", "number", integer({ min: 1024, max: 64 * 1_048_576 }), "most bytes of rows in a request", {
    default: "1 MiB",
  }),
];

const retryFields = [
  optional("attempts", "number", integer({ min: 1, max: 100 }), "tries that are answered with a fault", {
    default: "8",
  }),
  optional("base", "duration", duration, "longest wait before the second try; doubles", { default: '"1s"' }),
  optional("cap", "duration", duration, "longest wait that the receiver did not ask for", { default: '"5m"' }),
  optional("deadline", "duration", duration, "from the first failed try on", { default: '"24h"' }),
];

const source: OptionCheck = (value, at) =>
  (typeof value === "string" && /^[a-z_]\w*(\.[a-z_]\w*)?$/i.test(value)) ||
  (value as ContractDefinition | null)?.kind === "contract"
    ? undefined
    : `"${at}" is a contract, or the name of a table or model such as "inventory.stock_on_hand"`;

export const deliveryFields: readonly OptionField[] = [
  required("from", "contract | string", source, "table or model whose rows are sent", { beside: true }),
  required(
    "to",
    "toRest() | toWebhook() | toFile()",
    variant(
      { rest: restTargetFields, webhook: webhookTargetFields, file: fileTargetFields },
      "toRest({...}), toWebhook({...}) or toFile({...})",
    ),
    "where they go",
    { beside: true },
  ),
  optional("send", '"changes" | "snapshot"', oneOf("changes", "snapshot"), "each changed row, or the whole result", {
    default: '"changes"',
  }),
  optional("key", "string[]", names, "columns that identify a row", { default: "the key of the table" }),
  optional("columns", "string[]", names, "columns that are sent; a row is changed when one of them is", {
    default: "all",
  }),
  optional("deletions", "boolean", bool, "rows that left are told as well", { default: "false" }),
  optional("every", '"on-arrival" | duration | cron', triggerCheck(true), "when it is looked for what is due", {
    default: '"on-arrival"',
  }),
  optional("order", '"key" | "strict"', oneOf("key", "strict"), "strict: a dead letter stops the delivery", {
    default: '"key"',
  }),
  optional("batch", "object", object(batchFields), "bounds of one request or file", { inner: batchFields }),
  optional("concurrency", "number", integer({ min: 1, max: 64 }), "requests under way at once", { default: "4" }),
  optional("retry", "object", object(retryFields), "when a row is tried again", { inner: retryFields }),
];

/** The rules between options. @throws OptionProblem */
export function checkTarget(declared: DeliveryDeclaration): void {
  if (declared.send === "snapshot" && declared.deletions)
    throw new OptionProblem('"deletions" belong to changes; a snapshot is whole without them');
  if (declared.destination === "rest") checkRest(declared.config as RestTargetOptions, declared);
  if (declared.destination === "file") checkFile(declared.config as FileTargetOptions, declared);
}

function checkRest(rest: RestTargetOptions, { batch, deletions, key }: DeliveryDeclaration): void {
  const many = batch.rows > 1;
  const perRow = [rest.path, JSON.stringify(rest.body ?? {}), ...Object.values(rest.headers ?? {})]
    .filter((part) => typeof part === "string")
    .flatMap(columnsIn)
    .find((column) => column !== "rows");
  if (many && perRow !== undefined)
    throw new OptionProblem(`"{${perRow}}" is a value of one row, but "batch.rows" lets a request carry several`);
  if (many && rest.capture !== undefined)
    throw new OptionProblem('"capture" is for requests with one row; leave out "batch.rows"');
  if (rest.deletion !== undefined && !deletions)
    throw new OptionProblem('"deletion" has no effect without "deletions: true"');
  const told = deletions ? columnsIn(rest.deletion?.path ?? rest.path) : [];
  const foreign = key === undefined ? undefined : told.find((column) => !key.includes(column));
  if (foreign !== undefined)
    throw new OptionProblem(`a row that left has only its key, but the path of deletions names "{${foreign}}"`);
}

function checkFile(file: FileTargetOptions, { send }: DeliveryDeclaration): void {
  const problem = fileNameProblem(file, send);
  if (problem !== undefined) throw new OptionProblem(problem);
  if (formatOf(file) === undefined)
    throw new OptionProblem('"format" is missing, and the extension of "name" is none of .csv, .ndjson, .parquet');
}
