// The table of a stream from its JSON schema: a column per property, the primary key as key, nested values as JSON.
import type { ColumnDefinition, ContractDefinition, LogicalType, SourceLocation } from "@millrace/core";
import { isComponent, type Component } from "../load/source-lines.ts";
import { streamSchema, typesOf } from "./stream-schema.ts";

const nameLengthMax = 63;
const columnsMax = 1500;

/** Undefined when the manifest does not tell the schema. */
export function inferContract(
  stream: Component,
  { file, location }: { readonly file: string; readonly location?: SourceLocation },
): ContractDefinition | undefined {
  const properties = streamSchema(described(stream), file)?.["properties"];
  if (!isComponent(properties) || Object.keys(properties).length === 0) return undefined;
  const declared = primaryKey(stream);
  // A part of a key would make different records one.
  const keys = declared.every((name) => Object.hasOwn(properties, name)) ? declared : [];
  const taken = new Set<string>();
  const columns = Object.entries(properties)
    .slice(0, columnsMax)
    .map(([source, schema]) => column(source, { schema, name: uniqueName(source, taken), key: keys.includes(source) }));
  return {
    kind: "contract",
    name: safeName(String(stream["name"])),
    columns,
    rules: [],
    ...(location === undefined ? {} : { location }),
  };
}

/** Names of the fields that tell records apart; none when the key lies inside of nested fields. */
export function primaryKey(stream: Component): readonly string[] {
  const declared = described(stream)["primary_key"];
  const list = Array.isArray(declared) ? (declared as unknown[]) : [declared];
  const names = list.map((one) => (Array.isArray(one) && one.length === 1 ? (one as unknown[])[0] : one));
  return names.every((name): name is string => typeof name === "string" && name !== "") ? names : [];
}

/** Of two streams that stand for one, the first tells what records look like. */
function described(stream: Component): Component {
  const { type, full_refresh_stream: full } = stream;
  return type === "StateDelegatingStream" && isComponent(full) ? full : stream;
}

function column(
  source: string,
  { schema, name, key }: { readonly schema: unknown; readonly name: string; readonly key: boolean },
): ColumnDefinition {
  return {
    name,
    type: logicalType(schema),
    required: key,
    key,
    pii: false,
    version: false,
    checks: [],
    ...(name === source ? {} : { source }),
  };
}

/** Where a schema allows several types, the value is kept as JSON. */
function logicalType(schema: unknown): LogicalType {
  const types = typesOf(schema);
  const [type] = types;
  if (types.length === 2 && types.includes("integer") && types.includes("number")) return { kind: "float" };
  if (types.length !== 1) return { kind: "json" };
  switch (type) {
    case "string":
      return textType(schema);
    case "integer":
      return { kind: "int64" };
    case "number":
      return { kind: "float" };
    case "boolean":
      return { kind: "bool" };
    default:
      return { kind: "json" };
  }
}

function textType(schema: unknown): LogicalType {
  const format = isComponent(schema) ? schema["format"] : undefined;
  const airbyte = isComponent(schema) ? schema["airbyte_type"] : undefined;
  if (format === "date") return { kind: "date" };
  if (format !== "date-time") return { kind: "string" };
  return airbyte === "timestamp_without_timezone" ? { kind: "datetime" } : { kind: "timestamp" };
}

/** Letters, digits and `_`, beginning with a letter. */
export function safeName(text: string): string {
  const plain = text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^A-Za-z0-9_]+/g, "_")
    .replace(/^_+/, "")
    .slice(0, nameLengthMax);
  if (plain === "") return "field";
  return /^[0-9]/.test(plain) || plain.toLowerCase() === "rowid" ? `f_${plain}`.slice(0, nameLengthMax) : plain;
}

/** Names are told apart without regard to case. */
function uniqueName(source: string, taken: Set<string>): string {
  const base = safeName(source);
  let name = base;
  for (let count = 2; taken.has(name.toLowerCase()); count += 1) name = `${base.slice(0, nameLengthMax - 5)}_${count}`;
  taken.add(name.toLowerCase());
  return name;
}
