// The JSON schema of a stream, where the manifest or a file beside it tells it.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isComponent, type Component } from "../load/source-lines.ts";
import type { Part } from "./compile-context.ts";

const bytesMax = 8 * 1024 * 1024;

/** Undefined when only the upstream knows it. Schemas of several loaders are joined. */
export function streamSchema(stream: Part): Component | undefined {
  const found = stream
    .parts("schema_loader")
    .map(schemaOf)
    .filter((schema) => schema !== undefined);
  const [first] = found;
  if (first === undefined) return undefined;
  const properties = Object.assign({}, ...found.map(({ properties: own }) => own ?? {})) as Component;
  return { ...first, properties };
}

function schemaOf(loader: Part): Component | undefined {
  if (loader.type === "InlineSchemaLoader") return isComponent(loader.of["schema"]) ? loader.of["schema"] : {};
  if (loader.type !== "JsonFileSchemaLoader" || loader.of["file_path"] === undefined) return undefined;
  const path = resolve(dirname(loader.context.lines.file), loader.string("file_path"));
  // Only what lies beside the manifest: a path of a manifest must not open other files.
  if (!path.startsWith(`${resolve(dirname(loader.context.lines.file))}/`))
    throw loader.invalid("file_path", "the schema file must lie in the folder of the manifest");
  try {
    const text = readFileSync(path, "utf8");
    const schema: unknown = text.length > bytesMax ? undefined : JSON.parse(text);
    return isComponent(schema) ? schema : undefined;
  } catch {
    return undefined;
  }
}

/** Types that a property's schema allows, without null. */
export function typesOf(schema: unknown): readonly string[] {
  if (!isComponent(schema)) return [];
  const { type } = schema;
  const own = Array.isArray(type) ? (type as unknown[]).map(String) : typeof type === "string" ? [type] : [];
  const nested = [schema["anyOf"], schema["oneOf"]].flatMap((list) =>
    Array.isArray(list) ? (list as unknown[]).flatMap((one) => [...typesOf(one)]) : [],
  );
  return [...new Set([...own, ...nested])].filter((name) => name !== "null");
}
