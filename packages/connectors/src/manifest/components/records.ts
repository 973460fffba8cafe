// Components of manifests: records. Read by component-types.ts; documentation and validation derive from this.
import type { ComponentTable } from "./declaration.ts";

export const recordsComponents = {
  RecordSelector: {
    summary: "Finds, filters and changes the records of an answer.",
    fields: [
      "extractor!: DpathExtractor|CustomRecordExtractor",
      "record_filter: RecordFilter|CustomRecordFilter",
      "schema_normalization: enum(Default,None)|CustomSchemaNormalization",
      "transform_before_filtering: boolean",
    ],
  },
  DpathExtractor: {
    summary: "Records at a path; `*` stands for every key or item.",
    fields: ["field_path!: list(string)", "record_expander: RecordExpander"],
  },
  RecordExpander: {
    summary: "One record per item of a nested list.",
    fields: [
      "expand_records_from_field!: list(string)",
      "remain_original_record: boolean = false",
      "on_no_records: enum(skip,emit_parent) = skip",
    ],
  },
  ResponseToFileExtractor: {
    summary: "Reads a large CSV answer line by line.",
    fields: ["preserve_na_values: boolean = false"],
  },
  RecordFilter: {
    summary: "Keeps the records that a condition holds for.",
    fields: ["condition: string"],
  },
  CustomRecordExtractor: {
    summary: "Records by a class of the user.",
    fields: ["class_name!: string"],
  },
  CustomRecordFilter: {
    summary: "A filter by a class of the user.",
    fields: ["class_name!: string"],
  },
  CustomSchemaNormalization: {
    summary: "Types by a class of the user.",
    fields: ["class_name!: string"],
  },
} satisfies ComponentTable;
