// Opens a connector: reads its manifest, looks up the values of its config, loads the stand-ins for custom classes.
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { MillraceError, type Clock, type Random, type Secrets } from "@millrace/core";
import { isEnvRef, isSecretRef } from "../../authoring/references.ts";
import type { Redactor } from "../../rest-engine/redactor.ts";
import type { ConnectorConfig } from "../compile/compile-context.ts";
import type { CustomClasses } from "../compile/custom-classes.ts";
import { loadManifest, type LoadedManifest } from "../load/load-manifest.ts";
import { isComponent, type Component } from "../load/source-lines.ts";
import type { Surroundings } from "../template/environment.ts";
import { AirbyteSource, connectionSpecification } from "./airbyte-source.ts";
import { demandConfig } from "./config-rules.ts";

export interface SourceDescription {
  /** Absolute path of the manifest. */
  readonly manifest: string;
  /** Values and references to settings and secrets, at any depth. */
  readonly config: ConnectorConfig;
  /** Absolute path of a module that exports `classes`. */
  readonly classes?: string;
}

export interface SourceTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly secrets: Secrets;
  readonly redactor: Redactor;
}

/** @throws MillraceError manifest-invalid, connector-config-invalid, secret-missing, project-code-failed */
export async function openSource(description: SourceDescription, tools: SourceTools): Promise<AirbyteSource> {
  const manifest = await readManifest(description.manifest);
  const config = await resolveConfig(description.config, tools);
  const specification = connectionSpecification(manifest.root);
  redactSecrets(config, specification, tools.redactor);
  demandConfig(config, specification);
  const classes = description.classes === undefined ? {} : await loadClasses(description.classes);
  return new AirbyteSource({ manifest, config, classes, surroundings: surroundings(tools) });
}

/** @throws MillraceError manifest-invalid */
export async function readManifest(path: string): Promise<LoadedManifest> {
  try {
    return loadManifest(await readFile(path, "utf8"), path);
  } catch (thrown) {
    if (thrown instanceof MillraceError) throw thrown;
    throw new MillraceError(
      "manifest-invalid",
      `The manifest ${path} cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}.`,
    );
  }
}

async function resolveConfig(config: ConnectorConfig, { secrets, redactor }: SourceTools): Promise<ConnectorConfig> {
  const resolve = async (value: unknown): Promise<unknown> => {
    if (isEnvRef(value)) return secrets.setting(value);
    if (isSecretRef(value)) {
      const text = (await secrets.resolve(value)).reveal();
      redactor.add(text);
      return text;
    }
    if (Array.isArray(value)) return Promise.all((value as unknown[]).map(resolve));
    if (!isComponent(value)) return value;
    const entries = Object.entries(value).map(async ([name, inner]) => [name, await resolve(inner)] as const);
    return Object.fromEntries(await Promise.all(entries));
  };
  return (await resolve(config)) as ConnectorConfig;
}

/** What the specification marks as secret never shows, also when it was written into the config as plain text. */
function redactSecrets(value: unknown, schema: Component, redactor: Redactor): void {
  const shortest = 4;
  if (schema["airbyte_secret"] === true && typeof value === "string" && value.length >= shortest) redactor.add(value);
  const { properties, items } = schema;
  if (isComponent(value) && isComponent(properties))
    for (const [name, inner] of Object.entries(properties))
      if (isComponent(inner)) redactSecrets(value[name], inner, redactor);
  if (Array.isArray(value) && isComponent(items))
    for (const item of value as unknown[]) redactSecrets(item, items, redactor);
  for (const list of [schema["oneOf"], schema["anyOf"]])
    if (Array.isArray(list))
      for (const one of list as unknown[]) if (isComponent(one)) redactSecrets(value, one, redactor);
}

async function loadClasses(path: string): Promise<CustomClasses> {
  try {
    const module = (await import(pathToFileURL(path).href)) as { readonly classes?: CustomClasses };
    if (isComponent(module.classes)) return module.classes as CustomClasses;
  } catch (thrown) {
    throw new MillraceError(
      "project-code-failed",
      `${path} threw while it was loaded: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      { cause: thrown },
    );
  }
  throw new MillraceError(
    "project-code-failed",
    `${path} exports no "classes": an object of stand-ins by class name is expected.`,
  );
}

function surroundings({ clock, random }: SourceTools): Surroundings {
  return { nowMicros: () => clock.nowMicros(), uuid: () => uuidV4(random) };
}

function uuidV4(random: Random): string {
  const bytes = Buffer.from(random.bytes(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
