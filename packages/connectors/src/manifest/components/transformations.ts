// Components of manifests: transformations. Read by component-types.ts; documentation and validation derive from this.
import type { ComponentTable } from "./declaration.ts";

export const transformationsComponents = {
  AddFields: {
    summary: "Sets fields.",
    fields: ["fields!: list(AddedFieldDefinition)", "condition: string"],
  },
  AddedFieldDefinition: {
    summary: "A field and its value.",
    fields: ["path!: list(string)", "value!: string", "value_type: enum(string,number,integer,boolean)"],
  },
  RemoveFields: {
    summary: "Removes fields.",
    fields: ["condition: string", "field_pointers!: list(list(string))"],
  },
  KeysToLower: {
    summary: "Keys in lower case.",
    fields: [],
  },
  KeysToSnakeCase: {
    summary: "Keys in snake case.",
    fields: [],
  },
  KeysReplace: {
    summary: "Replaces text in keys.",
    fields: ["old!: string", "new!: string"],
  },
  FlattenFields: {
    summary: "Nested objects become fields joined with dots.",
    fields: ["flatten_lists: boolean = true"],
  },
  DpathFlattenFields: {
    summary: "The fields of a nested object move up.",
    fields: [
      "field_path!: list(string)",
      "delete_origin_value: boolean",
      "replace_record: boolean",
      "key_transformation: KeyTransformation",
    ],
  },
  KeyTransformation: {
    summary: "Puts text before or behind keys.",
    fields: ["prefix: string", "suffix: string"],
  },
  CustomTransformation: {
    summary: "A change by a class of the user.",
    fields: ["class_name!: string"],
  },
} satisfies ComponentTable;
