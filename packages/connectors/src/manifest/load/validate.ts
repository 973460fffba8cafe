// Checks a resolved manifest against the declarations of its components: types, required fields, kinds of values. Every fault names its line.
import { didYouMean } from "@millrace/core";
import { componentTypes, nameOfType, type ComponentType } from "../components/component-types.ts";
import type { FieldType } from "../components/declaration.ts";
import { PyFloat } from "../template/python-values.ts";
import { isComponent, type Component, type SourceLines } from "./source-lines.ts";

/** What is wrong, and where. */
export interface ManifestFault {
  /** `source-x.yaml:41`. */
  readonly at: string;
  /** `streams[3].retriever.requester`. */
  readonly path: string;
  readonly message: string;
}

const faultsMax = 20;

/** The first faults, in the order of the manifest; none when it is right. */
export function findFaults(root: Component, lines: SourceLines): readonly ManifestFault[] {
  const validator = new Validator(lines);
  validator.component(root, { expected: ["DeclarativeSource"], path: "" });
  if (root["streams"] === undefined && root["dynamic_streams"] === undefined)
    validator.fault(root, { path: "", message: 'it has neither "streams" nor "dynamic_streams"' });
  return validator.faults;
}

class Validator {
  readonly faults: ManifestFault[] = [];
  readonly #lines: SourceLines;

  constructor(lines: SourceLines) {
    this.#lines = lines;
  }

  fault(
    part: unknown,
    { path, key, message }: { readonly path: string; readonly key?: string; readonly message: string },
  ): void {
    if (this.faults.length < faultsMax) this.faults.push({ at: this.#lines.at(part, key), path, message });
  }

  component(
    value: Component,
    { expected, path }: { readonly expected: readonly string[]; readonly path: string },
  ): void {
    const { type } = value;
    const name = typeof type === "string" ? nameOfType(type) : onlyOne(expected);
    const declared = name === undefined ? undefined : componentTypes.get(name);
    if (name === undefined)
      return this.fault(value, { path, message: `it has no type; here ${list(expected)} may stand` });
    if (declared === undefined)
      return this.fault(value, {
        path,
        key: "type",
        message: `there is no component "${name}"${didYouMean(name, componentTypes.keys())}; here ${list(expected)} may stand`,
      });
    if (!expected.includes(name))
      return this.fault(value, { path, key: "type", message: `a ${name} cannot stand here; ${list(expected)} may` });
    this.#fields(value, declared, path);
  }

  #fields(value: Component, { fields }: ComponentType, path: string): void {
    for (const field of fields) {
      const given = value[field.name];
      const inner = path === "" ? field.name : `${path}.${field.name}`;
      if (given === undefined) {
        if (field.required)
          this.fault(value, { path, message: `${String(value["type"])} needs "${field.name}" (${field.typeText})` });
      } else if (!fits(given, field.type))
        this.fault(value, {
          path: inner,
          key: field.name,
          message: `"${field.name}" is ${field.typeText}; received ${show(given)}`,
        });
      else this.#inside(given, field.type, inner);
    }
  }

  /** Checks the components within a value that has the right kind. */
  #inside(value: unknown, type: FieldType, path: string): void {
    if (Array.isArray(value)) {
      const items = alternatives(type).find((one) => one.kind === "list");
      if (items?.kind === "list")
        for (const [at, item] of (value as unknown[]).entries()) this.#inside(item, items.of, `${path}[${at}]`);
      return;
    }
    if (!isComponent(value)) return;
    const expected = alternatives(type)
      .filter((one) => one.kind === "component")
      .map(({ name }) => name);
    const map = alternatives(type).find((one) => one.kind === "map");
    if (expected.length > 0 && (map === undefined || typeof value["type"] === "string"))
      this.component(value, { expected, path });
    else if (map?.kind === "map")
      for (const [key, item] of Object.entries(value)) this.#inside(item, map.of, `${path}.${key}`);
  }
}

/** A type may be left out where only one can stand. */
function onlyOne(expected: readonly string[]): string | undefined {
  return expected.length === 1 ? expected[0] : undefined;
}

function alternatives(type: FieldType): readonly FieldType[] {
  return type.kind === "union" ? type.of.flatMap(alternatives) : [type];
}

function fits(value: unknown, type: FieldType): boolean {
  switch (type.kind) {
    case "any":
      return true;
    case "union":
      return type.of.some((one) => fits(value, one));
    case "list":
      return Array.isArray(value) && (value as unknown[]).every((item) => fits(item, type.of));
    case "array":
      return Array.isArray(value);
    case "enum":
      return typeof value === "string" && type.values.includes(value);
    case "integer":
      return Number.isInteger(value) || typeof value === "bigint";
    case "number":
      return typeof value === "number" || typeof value === "bigint" || value instanceof PyFloat;
    case "null":
      return value === null;
    case "map":
    case "object":
    case "component":
      return isComponent(value);
    default:
      return typeof value === type.kind;
  }
}

function list(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 6).join(", ")} or one of ${names.length - 6} others` : names.join(" or ");
}

/** Never values: a manifest may hold what should have been a secret. */
function show(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (value instanceof PyFloat) return "a number";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
