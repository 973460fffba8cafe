// Decoders by type.
import type { Decoder } from "../../rest-engine/components.ts";
import {
  csvDecoder,
  gzipDecoder,
  jsonDecoder,
  jsonItemsDecoder,
  jsonLinesDecoder,
  linesDecoder,
  xmlDecoder,
  zipDecoder,
} from "../../rest-engine/decoders/decoders.ts";
import type { Part } from "./compile-context.ts";
import { customPart } from "./custom-part.ts";

export function decoder(part: Part | undefined): Decoder {
  if (part === undefined) return jsonDecoder({ lenient: true });
  switch (part.type) {
    case "JsonDecoder":
      return jsonDecoder({ lenient: true });
    case "JsonItemsDecoder":
      return jsonItemsDecoder({ path: itemsPath(part), encoding: part.string("encoding", "utf-8") });
    case "JsonlDecoder":
      return jsonLinesDecoder({ lenient: true });
    case "IterableDecoder":
      return linesDecoder;
    case "CsvDecoder":
      return csv(part);
    case "XmlDecoder":
      return xmlDecoder({ lenient: true });
    case "GzipDecoder":
      return gzipDecoder(decoder(part.need("decoder")));
    case "ZipfileDecoder":
      return zipDecoder(decoder(part.need("decoder")));
    default:
      return customPart(part, "CustomDecoder");
  }
}

/** `data.items.item`: the array's path, whose last name means its items. */
function itemsPath(part: Part): readonly string[] {
  const names = part
    .string("items_path")
    .split(".")
    .filter((name) => name !== "");
  return names.at(-1) === "item" ? names.slice(0, -1) : names;
}

function csv(part: Part): Decoder {
  const nulls = part.of["set_values_to_none"];
  return csvDecoder({
    delimiter: part.string("delimiter", ",").replaceAll(String.raw`\t`, "\t"),
    encoding: part.string("encoding", "utf-8"),
    nullTexts: Array.isArray(nulls) ? (nulls as unknown[]).map(String) : [],
  });
}
