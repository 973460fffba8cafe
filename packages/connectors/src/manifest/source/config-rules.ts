// What a manifest says about its config: migrations of old ones, fields that are derived, and checks.
import { MillraceError } from "@millrace/core";
import { removeAtPath, setAtPath, valueAtPath } from "../../rest-engine/record-path.ts";
import type { ConnectorConfig, Part } from "../compile/compile-context.ts";
import { isComponent, type Component } from "../load/source-lines.ts";
import { jsonValue } from "../template/interpolation.ts";
import { schemaProblem } from "./json-schema-check.ts";

/** The config as templates see it. @param root DeclarativeSource @throws MillraceError connector-config-invalid */
export function migratedConfig(root: Part): ConnectorConfig {
  const config = structuredClone(root.context.config) as Record<string, unknown>;
  const rules = root.part("spec")?.part("config_normalization_rules");
  if (rules === undefined) return config;
  for (const migration of rules.parts("config_migrations"))
    for (const step of migration.parts("transformations")) transform(step, config);
  for (const step of rules.parts("transformations")) transform(step, config);
  for (const validation of rules.parts("validations")) validate(validation, config);
  return config;
}

function transform(step: Part, config: Record<string, unknown>): void {
  const names = { ...step.names(), config };
  const holds = step.condition("condition");
  switch (step.type) {
    case "ConfigAddFields":
      for (const field of step.parts("fields")) {
        const value = jsonValue(field.text("value")(names));
        if (holds === undefined || holds({ ...names, value })) setAtPath(config, field.path("path"), value);
      }
      return;
    case "ConfigRemoveFields":
      for (const pointer of (step.of["field_pointers"] as string[][] | undefined) ?? [])
        removeAtPath(
          config,
          pointer,
          holds === undefined ? undefined : (value) => holds({ ...names, property: value }),
        );
      return;
    case "ConfigRemapField":
      return remap(step, config);
    default:
      throw step.unsupported("a custom change of the config has no stand-in");
  }
}

function remap(step: Part, config: Record<string, unknown>): void {
  const path = step.path("field_path");
  const current = valueAtPath(config, path);
  const map = typeof step.of["map"] === "string" ? step.text("map")({ ...step.names(), config }) : step.of["map"];
  if (typeof current === "string" && isComponent(map) && Object.hasOwn(map, current))
    setAtPath(config, path, map[current]);
}

function validate(validation: Part, config: ConnectorConfig): void {
  const strategy = validation.need("validation_strategy");
  if (strategy.type !== "ValidateAdheresToSchema")
    throw strategy.unsupported("a custom check of the config has no stand-in");
  const names = { ...validation.names(), config };
  const isPath = validation.type === "DpathValidator";
  const value = isPath
    ? valueAtPath(config, validation.path("field_path"))
    : jsonValue(validation.text("value")(names));
  if (isPath && value === undefined) return;
  const declared = strategy.of["base_schema"];
  const schema = typeof declared === "string" ? parsedSchema(strategy, declared) : declared;
  const problem = isComponent(schema)
    ? schemaProblem(value, schema, isPath ? validation.path("field_path").join(".") : "value")
    : undefined;
  if (problem !== undefined) throw invalid(problem);
}

function parsedSchema(strategy: Part, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw strategy.invalid("base_schema", '"base_schema" is a JSON schema, or its text; this text is no JSON');
  }
}

function invalid(problem: string): MillraceError {
  return new MillraceError("connector-config-invalid", `The config is not valid: ${problem}.`);
}

/** Checks a config against its specification; never quotes values. @throws MillraceError connector-config-invalid */
export function demandConfig(config: ConnectorConfig, specification: Component): void {
  const problem = schemaProblem(config, specification, "");
  if (problem !== undefined) throw invalid(problem);
}
