// The options of `airbyte()`, checked and documented from one table.
import { everyField } from "../../authoring/declare-channel.ts";
import { text, texts } from "../../authoring/option-checks.ts";
import { optional, required, type OptionCheck, type OptionField } from "../../authoring/option-fields.ts";

/** Never shows what it received: a config may hold what should have been a reference. */
const byName: OptionCheck = (value, path) =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : `"${path}" is an object by name`;

export const airbyteFields: readonly OptionField[] = [
  required(
    "config",
    "object",
    byName,
    'values that the connector\'s specification asks for; secrets by reference, as secret("NAME")',
  ),
  optional("streams", "string[]", texts, "streams to read", { default: "all that the manifest lists", beside: true }),
  optional("into", "contract by stream", byName, "contracts of the tables", {
    default: "inferred from the manifest's schemas",
    beside: true,
  }),
  optional("write", '"append" | "merge" | "replace" by stream', byName, "how rows enter the tables", {
    default: "merge with a primary key, append for incremental streams without, else replace",
    beside: true,
  }),
  optional("classes", "path", text, "module that exports stand-ins for custom classes", { default: "none" }),
  everyField(false, "1h"),
];

/** What is stored: the manifest's path, and the options that the declaration does not keep beside it. */
export const airbyteConfigFields: readonly OptionField[] = [
  required("manifest", "path", text, "the connector's manifest"),
  ...airbyteFields.filter(({ beside }) => beside !== true),
];
