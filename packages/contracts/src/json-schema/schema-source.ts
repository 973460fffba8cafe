// A JSON Schema file with its references: follows $ref within the file, joins allOf, and stops where a schema holds itself.
import type { LogicalType } from "@millrace/core";
import { isFields, listOf, textOf, type Fields, type LocatedFile } from "../document/located.ts";
import { checkShape, type Shape } from "../document/shape.ts";
import type { Tell } from "./schema-type.ts";

const referencesMax = 50;

const logicalType: Shape = {
  tag: "kind",
  name: "a type",
  cases: Object.fromEntries(
    [
      ...["string", "int32", "int64", "float", "bool", "date", "datetime", "time", "uuid", "json", "bytes"].map(
        (kind) => [kind, {}] as const,
      ),
      ["timestamp", { zone: "text" }] as const,
      ["decimal", { precision: "integer", scale: "integer" }] as const,
      ["enum", { values: { list: "text" } }] as const,
      ["list", { item: (): Shape => logicalType }] as const,
      ["struct", { fields: { mapOf: (): Shape => logicalType } }] as const,
    ].map(([kind, fields]) => [
      kind,
      {
        name: "a type",
        fields: fields as Readonly<Record<string, Shape>>,
        required: Object.keys(fields).filter((key) => key !== "zone"),
      },
    ]),
  ),
};

export class SchemaSource {
  readonly file: LocatedFile;
  /** Schemas whose parts are being read. */
  readonly #open = new Set<Fields>();

  constructor(file: LocatedFile) {
    this.file = file;
  }

  /** The schema that `given` stands for. @throws MillraceError contract-file-invalid for a reference out of the file, or to nothing */
  resolve(given: unknown): Fields {
    let schema = given;
    for (let count = 0; isFields(schema) && schema["$ref"] !== undefined; count += 1) {
      if (count > referencesMax) throw this.file.invalid("$ref leads in a circle", schema, "$ref");
      const { $ref, ...own } = schema;
      const target = this.#target(schema, textOf($ref) ?? "");
      schema = Object.keys(own).length === 0 ? target : { ...(isFields(target) ? target : {}), ...own };
    }
    if (schema === true || schema === undefined) return {};
    if (!isFields(schema)) throw this.file.invalid("a schema is a mapping, or true", given);
    return schema["allOf"] === undefined ? schema : this.#all(schema);
  }

  /** `schema` with the fields of `inner` instead of its alternatives in `key`. */
  joined(schema: Fields, inner: Fields, key: string): Fields {
    return Object.fromEntries(
      Object.entries({ ...schema, ...inner }).filter(([name]) => name !== key || inner[key] !== undefined),
    );
  }

  /** Reads the parts of a schema, unless it is one of its own parts: then any JSON is taken. */
  inside(schema: Fields, tell: Tell, read: () => LogicalType): LogicalType {
    const original = schema["properties"] ?? schema;
    const known = isFields(original) ? original : schema;
    if (this.#open.has(known)) {
      tell("it holds itself; any JSON is taken", schema);
      return { kind: "json" };
    }
    this.#open.add(known);
    try {
      return read();
    } finally {
      this.#open.delete(known);
    }
  }

  /** A type that an export wrote as it is. */
  ownType(schema: Fields): LogicalType {
    checkShape(schema["x-type"], logicalType, {
      file: this.file,
      path: "x-type",
      holder: schema,
      key: "x-type",
      advice: "",
    });
    return schema["x-type"] as LogicalType;
  }

  #target(holder: Fields, reference: string): unknown {
    if (reference !== "#" && !reference.startsWith("#/"))
      throw this.file.invalid(
        `$ref "${reference}" leads out of the file; put what it names into this file, for example under $defs`,
        holder,
        "$ref",
      );
    let at = this.file.root;
    for (const part of reference
      .slice(2)
      .split("/")
      .filter((one) => one !== "")) {
      const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
      at = typeof at === "object" && at !== null && Object.hasOwn(at, key) ? (at as Fields)[key] : undefined;
      if (at === undefined) throw this.file.invalid(`$ref "${reference}" names nothing in this file`, holder, "$ref");
    }
    return at;
  }

  /** Later parts add to earlier ones; properties and required come together. */
  #all(schema: Fields): Fields {
    const { allOf, ...own } = schema;
    const parts = [own, ...listOf(allOf).map((one) => this.resolve(one))];
    const properties = parts.map((part) => part["properties"]).filter(isFields);
    const required = parts.flatMap((part) => listOf(part["required"]));
    return {
      ...Object.assign({}, ...parts.toReversed()),
      ...(properties.length === 0 ? {} : { properties: Object.assign({}, ...properties) as Fields }),
      ...(required.length === 0 ? {} : { required: [...new Set(required)] }),
    };
  }
}
