// Components of manifests: decoders. Read by component-types.ts; documentation and validation derive from this.
import type { ComponentTable } from "./declaration.ts";

export const decodersComponents = {
  JsonDecoder: {
    summary: "JSON.",
    fields: [],
  },
  JsonItemsDecoder: {
    summary: "Items of one array of a JSON document, one after the other.",
    fields: ["items_path!: string", "encoding: string = utf-8"],
  },
  JsonlDecoder: {
    summary: "One JSON document per line.",
    fields: [],
  },
  IterableDecoder: {
    summary: "One text per line.",
    fields: [],
  },
  CsvDecoder: {
    summary: "CSV with a header.",
    fields: ["encoding: string = utf-8", "delimiter: string = ,", "set_values_to_none: list(string)"],
  },
  XmlDecoder: {
    summary: "XML.",
    fields: [],
  },
  GzipDecoder: {
    summary: "Gzip around another format.",
    fields: ["decoder!: CsvDecoder|GzipDecoder|JsonDecoder|JsonItemsDecoder|JsonlDecoder"],
  },
  ZipfileDecoder: {
    summary: "A zip archive around another format.",
    fields: ["decoder!: CsvDecoder|GzipDecoder|JsonDecoder|JsonItemsDecoder|JsonlDecoder"],
  },
  CustomDecoder: {
    summary: "A format by a class of the user.",
    fields: ["class_name!: string"],
  },
} satisfies ComponentTable;
