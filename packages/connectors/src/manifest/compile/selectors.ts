// RecordSelector: extractors, filters, transformations.
import type { RecordSelector, RecordStep } from "../../rest-engine/components.ts";
import { recordSelector, type RecordExpander } from "../../rest-engine/record-selector.ts";
import {
  addFields,
  flattenFields,
  flattenPath,
  keysToLower,
  keysToSnakeCase,
  removeFields,
  replaceInKeys,
  type AddedField,
} from "../../rest-engine/transformations.ts";
import type { StreamSlice } from "../../rest-engine/slice.ts";
import { jsonValue } from "../template/interpolation.ts";
import { str } from "../template/python-text.ts";
import type { ValidTypes } from "../template/template.ts";
import type { Part } from "./compile-context.ts";
import { customPart } from "./custom-part.ts";

export interface SelectorParts {
  /** RecordSelector. */
  readonly selector: Part;
  /** Transformations of the stream. */
  readonly transformations: readonly Part[];
  /** The stream filters by its cursor, so transformations come first by default. */
  readonly filtersByCursor: boolean;
  /** Casts values to the types of the schema, where the stream asks for it. */
  readonly normalise?: RecordStep;
}

export function selector({
  selector: part,
  transformations,
  filtersByCursor,
  normalise,
}: SelectorParts): RecordSelector {
  const extractor = part.need("extractor");
  const filterPart = part.part("record_filter");
  const filter = filterPart === undefined ? undefined : recordFilter(filterPart);
  const first = part.of["transform_before_filtering"] ?? filtersByCursor;
  const common = {
    ...(filter === undefined ? {} : { filter }),
    transformations: transformations.map(transformation),
    transformFirst: first === true,
    ...(normalise === undefined ? {} : { normalise }),
  };
  if (extractor.type === "CustomRecordExtractor")
    return {
      ...recordSelector({ path: [], ...common }),
      path: undefined,
      extract: customPart(extractor, "CustomRecordExtractor"),
    };
  return recordSelector({
    path: extractor.path("field_path"),
    ...expander(extractor.part("record_expander")),
    ...common,
  });
}

function expander(part: Part | undefined): { readonly expander?: RecordExpander } {
  if (part === undefined) return {};
  return {
    expander: {
      path: part.path("expand_records_from_field"),
      keepsOriginal: part.is("remain_original_record"),
      without: part.string("on_no_records", "skip") === "emit_parent" ? "emit-parent" : "skip",
    },
  };
}

function recordFilter(part: Part): RecordStep {
  if (part.type === "CustomRecordFilter") return customPart(part, "CustomRecordFilter");
  const condition = part.condition("condition") ?? (() => false);
  return (record, slice) => (condition(recordNames(part, record, slice)) ? record : undefined);
}

function recordNames(
  part: Part,
  record: unknown,
  slice: StreamSlice,
  further: Record<string, unknown> = {},
): Record<string, unknown> {
  return { ...part.sliceNames(slice, { record, next_page_token: null }), ...further };
}

export function transformation(part: Part): RecordStep {
  switch (part.type) {
    case "AddFields":
      return addFields(addedFields(part));
    case "RemoveFields":
      return remove(part);
    case "KeysToLower":
      return keysToLower();
    case "KeysToSnakeCase":
      return keysToSnakeCase();
    case "KeysReplace":
      return keysReplace(part);
    case "FlattenFields":
      return flattenFields({ lists: part.of["flatten_lists"] !== false });
    case "DpathFlattenFields":
      return dpathFlatten(part);
    default:
      return customPart(part, "CustomTransformation");
  }
}

const valueTypes: Readonly<Record<string, ValidTypes>> = {
  string: ["str"],
  number: ["float"],
  integer: ["int"],
  boolean: ["bool"],
};

function addedFields(part: Part): readonly AddedField[] {
  const condition = part.condition("condition");
  return part.parts("fields").map((field) => {
    const type = field.of["value_type"];
    const validTypes = typeof type === "string" ? valueTypes[type] : undefined;
    const place = { place: field.place("value"), ...(validTypes === undefined ? {} : { validTypes }) };
    const value = part.context.templates.text(field.of["value"], place);
    const path = field.path("path");
    return {
      path,
      value: (record, slice) => jsonValue(value({ ...recordNames(part, record, slice), ...parametersOf(field) })),
      ...(condition === undefined
        ? {}
        : { condition: (record, slice, found) => condition(recordNames(part, record, slice, { value: found, path })) }),
    } satisfies AddedField;
  });
}

function parametersOf(part: Part): Record<string, unknown> {
  const { $parameters: parameters } = part.of;
  return parameters === undefined ? {} : { parameters };
}

function remove(part: Part): RecordStep {
  const pointers = part.of["field_pointers"];
  const paths = Array.isArray(pointers) ? (pointers as unknown[][]).map((pointer) => pointer.map(str)) : [];
  const condition = part.condition("condition");
  return removeFields(
    paths,
    condition === undefined ? undefined : (value) => condition(part.names({ property: value })),
  );
}

function keysReplace(part: Part): RecordStep {
  const [from, to] = [part.text("old"), part.text("new")];
  return (record, slice) => {
    const names = recordNames(part, record, slice);
    return replaceInKeys(str(from(names)), str(to(names)))(record, slice);
  };
}

function dpathFlatten(part: Part): RecordStep {
  const keys = part.part("key_transformation");
  return flattenPath({
    path: part.path("field_path"),
    removes: part.is("delete_origin_value"),
    replaces: part.is("replace_record"),
    ...(keys === undefined ? {} : { prefix: keys.string("prefix"), suffix: keys.string("suffix") }),
  });
}
