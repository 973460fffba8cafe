// Components of manifests: schemas. Read by component-types.ts; documentation and validation derive from this.
import type { ComponentTable } from "./declaration.ts";

export const schemasComponents = {
  InlineSchemaLoader: {
    summary: "The schema stands in the manifest.",
    fields: ["schema: object"],
  },
  JsonFileSchemaLoader: {
    summary: "The schema stands in a file beside the manifest.",
    fields: ["file_path: string"],
  },
  DynamicSchemaLoader: {
    summary: "The schema is made from an answer.",
    fields: [
      "retriever!: SimpleRetriever|AsyncRetriever|CustomRetriever",
      "schema_filter: RecordFilter|CustomRecordFilter",
      "schema_transformations: list(AddFields|RemoveFields|KeysToLower|KeysToSnakeCase|FlattenFields|DpathFlattenFields|KeysReplace|CustomTransformation)",
      "schema_type_identifier!: SchemaTypeIdentifier",
    ],
  },
  SchemaTypeIdentifier: {
    summary: "Where an answer has names and types of fields.",
    fields: [
      "schema_pointer: list(string)",
      "key_pointer!: list(string)",
      "type_pointer: list(string)",
      "types_mapping: list(TypesMap)",
    ],
  },
  TypesMap: {
    summary: "The upstream's word for a type.",
    fields: [
      "target_type!: string|list(string)|ComplexFieldType",
      "current_type!: string|list(string)",
      "condition: string",
    ],
  },
  ComplexFieldType: {
    summary: "A list type with its items.",
    fields: ["field_type!: string", "items: string|ComplexFieldType"],
  },
  CustomSchemaLoader: {
    summary: "A schema by a class of the user.",
    fields: ["class_name!: string"],
  },
} satisfies ComponentTable;
