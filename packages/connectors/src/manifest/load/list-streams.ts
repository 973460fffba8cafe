// The streams of a manifest, read quickly: without validation and templates, for channels that are declared. load-manifest.ts does all of it.
import { parseManifest } from "./parse-yaml.ts";
import { propagate } from "./propagate.ts";
import { resolveReferences } from "./resolve-references.ts";
import { isComponent, type Component } from "./source-lines.ts";

/** By name, in the order of the manifest; streams with a condition too. @throws MillraceError manifest-invalid */
export function listStreams(text: string, file: string): ReadonlyMap<string, Component> {
  const { root: written, lines } = parseManifest(text, file);
  const root = propagate(resolveReferences({ type: "DeclarativeSource", ...written }, lines), lines);
  const listed = [root["streams"]].flat().filter(isComponent);
  const all = listed.flatMap((one) =>
    one["type"] === "ConditionalStreams" ? [one["streams"]].flat().filter(isComponent) : [one],
  );
  return new Map(
    all.flatMap((stream) => (typeof stream["name"] === "string" ? [[stream["name"], stream] as const] : [])),
  );
}
