// The JSON schema of a stream, where the manifest or a file beside it tells it.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isComponent, type Component } from "../load/source-lines.ts";

const bytesMax = 8 * 1024 * 1024;

/** Undefined when only the upstream knows it. Schemas of several loaders are joined. @param file the manifest's path */
export function streamSchema(stream: Component, file: string): Component | undefined {
  const loaders = [stream["schema_loader"]].flat().filter(isComponent);
  const found = loaders.map((loader) => schemaOf(loader, file)).filter((schema) => schema !== undefined);
  const [first] = found;
  if (first === undefined) return undefined;
  const properties = Object.assign({}, ...found.map(({ properties: own }) => own ?? {})) as Component;
  return { ...first, properties };
}

function schemaOf({ type, schema, file_path: path }: Component, file: string): Component | undefined {
  if (type === "InlineSchemaLoader") return isComponent(schema) ? schema : {};
  return type === "JsonFileSchemaLoader" && typeof path === "string"
    ? schemaFile(path, dirname(resolve(file)))
    : undefined;
}

/** Only what lies beside the manifest: a path of a manifest must not open other files. */
function schemaFile(path: string, folder: string): Component | undefined {
  const target = resolve(folder, path);
  if (!target.startsWith(`${folder}/`)) return undefined;
  try {
    const text = readFileSync(target, "utf8");
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
