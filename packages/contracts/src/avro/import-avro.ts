// An Avro record schema as a contract. Unions other than "X or null" and maps have no column type; they become JSON.
import type { ColumnDefinition, ContractDefinition, LogicalType } from "@millrace/core";
import { isFields, listOf, textOf, type Fields, type LocatedFile } from "../document/located.ts";
import type { ReportLoss } from "../document/loss.ts";
import { TakenNames, validName } from "../document/names.ts";

type Tell = (what: string, at?: unknown) => void;

/** @throws MillraceError contract-file-invalid with file and line */
export function importAvro(file: LocatedFile, report: ReportLoss): ContractDefinition {
  const { root } = file;
  if (!isFields(root) || root["type"] !== "record" || !Array.isArray(root["fields"]))
    throw file.invalid('an Avro schema of type "record" with fields is expected', root, "type");
  const reader = new TypeReader(file);
  reader.name(root);
  const names = new TakenNames();
  const columns = listOf(root["fields"]).map((field, at) => {
    if (!isFields(field) || typeof field["name"] !== "string" || field["type"] === undefined)
      throw file.invalid("a field has a name and a type", root["fields"], at);
    return readColumn(reader, field, names.take(field["name"]), report, file);
  });
  if (columns.length === 0) throw file.invalid("the record has no fields", root, "fields");
  return {
    kind: "contract",
    name: validName(textOf(root["name"])?.split(".").at(-1) ?? "records"),
    columns,
    rules: [],
    ...(typeof root["doc"] === "string" ? { description: root["doc"] } : {}),
    location: { file: file.file, line: file.line(root) },
  };
}

function readColumn(
  reader: TypeReader,
  field: Fields,
  name: string,
  report: ReportLoss,
  file: LocatedFile,
): ColumnDefinition {
  const tell: Tell = (what, at = field) => report(name, what, file.line(at));
  const { type, nullable } = reader.value(field["type"], tell, field);
  const given = field["default"];
  if (given !== undefined && given !== null)
    tell(`its default ${JSON.stringify(given)} is what readers of Avro fill in; it is left out`);
  if (listOf(field["aliases"]).length > 0) tell(`its aliases ${listOf(field["aliases"]).join(", ")} are left out`);
  return {
    name,
    type,
    required: !nullable,
    key: false,
    pii: false,
    version: false,
    checks: [],
    ...(field["name"] === name ? {} : { source: String(field["name"]) }),
    ...(typeof field["doc"] === "string" ? { description: field["doc"] } : {}),
  };
}

const primitives: Readonly<Record<string, LogicalType>> = {
  boolean: { kind: "bool" },
  int: { kind: "int32" },
  long: { kind: "int64" },
  float: { kind: "float" },
  double: { kind: "float" },
  bytes: { kind: "bytes" },
  string: { kind: "string" },
};

const logicals: Readonly<Record<string, LogicalType>> = {
  date: { kind: "date" },
  "time-millis": { kind: "time" },
  "time-micros": { kind: "time" },
  "timestamp-millis": { kind: "timestamp" },
  "timestamp-micros": { kind: "timestamp" },
  "timestamp-nanos": { kind: "timestamp" },
  "local-timestamp-millis": { kind: "datetime" },
  "local-timestamp-micros": { kind: "datetime" },
  "local-timestamp-nanos": { kind: "datetime" },
  uuid: { kind: "uuid" },
};

class TypeReader {
  readonly #file: LocatedFile;
  /** Records, enums and fixed of the file by name. */
  readonly #named = new Map<string, Fields>();
  readonly #open = new Set<Fields>();

  constructor(file: LocatedFile) {
    this.#file = file;
  }

  /** Remembers a named type, also without its namespace. */
  name(schema: Fields): void {
    const name = textOf(schema["name"]);
    if (name === undefined) return;
    const namespace = textOf(schema["namespace"]);
    for (const known of [name, name.split(".").at(-1) ?? name, `${namespace ?? ""}.${name}`])
      this.#named.set(known, schema);
    this.#open.add(schema);
  }

  /** @throws MillraceError contract-file-invalid for a type that the file does not know */
  value(given: unknown, tell: Tell, holder: unknown): { readonly type: LogicalType; readonly nullable: boolean } {
    if (!Array.isArray(given)) return { type: this.#type(given, tell, holder), nullable: given === "null" };
    const others = listOf(given).filter((one) => one !== "null");
    const nullable = others.length < given.length;
    const [only, another] = others;
    if (only !== undefined && another === undefined) return { type: this.#type(only, tell, given), nullable };
    tell("a union of several types; any JSON is taken", given);
    return { type: { kind: "json" }, nullable };
  }

  #type(given: unknown, tell: Tell, holder: unknown): LogicalType {
    if (isFields(given)) return this.#complex(given, tell);
    const name = textOf(given) ?? "";
    if (name === "null") return { kind: "json" };
    const type = primitives[name];
    if (type !== undefined) return type;
    const known = this.#named.get(name);
    if (known === undefined)
      throw this.#file.invalid(`the type ${JSON.stringify(given)} is not known in this file`, holder, "type");
    return this.#complex(known, tell);
  }

  #complex(schema: Fields, tell: Tell): LogicalType {
    const logical = textOf(schema["logicalType"]);
    if (logical === "decimal") return this.#decimal(schema);
    const said = logical === undefined ? undefined : logicals[logical];
    if (said !== undefined) return said;
    if (logical !== undefined)
      tell(`the logical type ${logical} is not known; its ${String(schema["type"])} is taken`, schema);
    if (logical?.endsWith("-nanos") === true) tell("nanoseconds are cut to microseconds", schema);
    switch (schema["type"]) {
      case "record":
        return this.#record(schema, tell);
      case "enum":
        this.#register(schema);
        return { kind: "enum", values: listOf(schema["symbols"]).map(String) };
      case "array":
        return { kind: "list", item: this.value(schema["items"], tell, schema).type };
      case "map":
        tell("a map with any keys; JSON is taken", schema);
        return { kind: "json" };
      case "fixed":
        this.#register(schema);
        return { kind: "bytes" };
      default:
        return this.value(schema["type"], tell, schema).type;
    }
  }

  #register(schema: Fields): void {
    if (this.#open.has(schema)) return;
    this.name(schema);
    this.#open.delete(schema);
  }

  #decimal(schema: Fields): LogicalType {
    this.#register(schema);
    const precision = Number(schema["precision"]);
    const scale = Number(schema["scale"] ?? 0);
    if (
      !Number.isInteger(precision) ||
      precision < 1 ||
      precision > 38 ||
      !Number.isInteger(scale) ||
      scale < 0 ||
      scale > precision
    )
      throw this.#file.invalid(
        `decimal(${precision},${scale}) is not valid; precision is 1 to 38, scale 0 to precision`,
        schema,
        "precision",
      );
    return { kind: "decimal", precision, scale };
  }

  #record(schema: Fields, tell: Tell): LogicalType {
    if (this.#open.has(schema)) {
      tell("a record that holds itself; any JSON is taken", schema);
      return { kind: "json" };
    }
    this.name(schema);
    const fields = listOf(schema["fields"]).filter(isFields);
    const types = fields.map((field) => [String(field["name"]), this.value(field["type"], tell, field).type] as const);
    this.#open.delete(schema);
    return types.length === 0 ? { kind: "json" } : { kind: "struct", fields: Object.fromEntries(types) };
  }
}
