// Casts the values of records to the types of their stream's schema, where the stream asks for it (`schema_normalization: Default`).
import type { RecordStep } from "../../rest-engine/components.ts";
import { schemaNormaliser } from "../../rest-engine/schema-normaliser.ts";
import type { Component } from "../load/source-lines.ts";
import type { Part } from "./compile-context.ts";
import { customPart } from "./custom-part.ts";

/** Undefined when records stay as they are. */
export function normaliser(records: Part, schemaOf: () => Component | undefined): RecordStep | undefined {
  const custom = records.part("schema_normalization");
  if (custom !== undefined) return customPart(custom, "CustomSchemaNormalization");
  if (records.of["schema_normalization"] !== "Default") return undefined;
  const schema = schemaOf();
  return schema === undefined ? undefined : schemaNormaliser(schema);
}
