// What a part of a file may look like, as data, and the walk that refuses what does not: unknown fields, missing ones, wrong types, each with its line.
import { didYouMean } from "@millrace/core";
import { isFields, type LocatedFile } from "./located.ts";

export type Shape =
  | "text"
  | "number"
  | "integer"
  | "boolean"
  /** Text, number, boolean or nothing. */
  | "scalar"
  | "any"
  | { readonly list: Shape; readonly itemsMax?: number; readonly itemsMin?: number }
  /** One of these texts. */
  | { readonly words: readonly string[] }
  | { readonly either: readonly Shape[] }
  /** A mapping with any keys. */
  | { readonly mapOf: Shape }
  | FieldsShape
  /** A mapping whose field `tag` says which other fields it has. */
  | { readonly tag: string; readonly name: string; readonly cases: Readonly<Record<string, FieldsShape>> }
  /** For shapes that hold themselves. */
  | (() => Shape);

export interface FieldsShape {
  /** What an error calls it: `a property`. */
  readonly name: string;
  readonly fields: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  /** Takes other fields too. */
  readonly open?: boolean;
}

interface Place {
  readonly file: LocatedFile;
  /** Where the value stands: `schema[0].name`. */
  readonly path: string;
  readonly holder: unknown;
  readonly key?: string | number;
  /** What to do about a field that is not known. */
  readonly advice: string;
}

/** @throws MillraceError contract-file-invalid, about the first part that is wrong */
export function checkShape(value: unknown, shape: Shape, place: Place): void {
  if (typeof shape === "function") return checkShape(value, shape(), place);
  if (typeof shape === "string") return checkScalar(value, shape, place);
  if ("list" in shape) return checkList(value, shape, place);
  if ("words" in shape) {
    if (typeof value === "string" && shape.words.includes(value)) return;
    throw wrong(value, `one of ${shape.words.join(", ")}`, place);
  }
  if ("either" in shape) return checkEither(value, shape.either, place);
  if ("mapOf" in shape) {
    if (!isFields(value)) throw wrong(value, "a mapping", place);
    for (const [key, item] of Object.entries(value)) checkShape(item, shape.mapOf, within(place, value, key));
    return;
  }
  if ("tag" in shape) return checkTagged(value, shape, place);
  checkFields(value, shape, place);
}

function checkScalar(value: unknown, shape: Shape & string, place: Place): void {
  const number = typeof value === "number" || typeof value === "bigint";
  const fits: Readonly<Record<Shape & string, boolean>> = {
    text: typeof value === "string",
    number,
    integer: typeof value === "bigint" || Number.isInteger(value),
    boolean: typeof value === "boolean",
    scalar: value === null || typeof value !== "object",
    any: true,
  };
  if (!fits[shape])
    throw wrong(
      value,
      shape === "scalar"
        ? "text or a number"
        : shape === "integer"
          ? "a whole number"
          : `${shape === "text" ? "" : "a "}${shape}`,
      place,
    );
}

function checkList(value: unknown, shape: Extract<Shape, { list: Shape }>, place: Place): void {
  if (!Array.isArray(value)) throw wrong(value, "a list", place);
  const { itemsMin = 0, itemsMax = Infinity } = shape;
  if (value.length < itemsMin || value.length > itemsMax)
    throw wrong(
      `${value.length} items`,
      itemsMin === itemsMax ? `${itemsMin} items` : `at least ${itemsMin} items`,
      place,
    );
  value.forEach((item: unknown, at) => checkShape(item, shape.list, within(place, value, at)));
}

function checkEither(value: unknown, shapes: readonly Shape[], place: Place): void {
  const faults: unknown[] = [];
  for (const shape of shapes)
    try {
      return checkShape(value, shape, place);
    } catch (fault) {
      faults.push(fault);
    }
  throw faults.at(-1);
}

function checkTagged(value: unknown, shape: Extract<Shape, { tag: string }>, place: Place): void {
  if (!isFields(value)) throw wrong(value, `a mapping with "${shape.tag}"`, place);
  const tag = value[shape.tag];
  const found = typeof tag === "string" && Object.hasOwn(shape.cases, tag) ? shape.cases[tag] : undefined;
  if (found === undefined)
    throw wrong(tag, `one of ${Object.keys(shape.cases).join(", ")}`, within(place, value, shape.tag));
  checkFields(value, { ...found, fields: { [shape.tag]: "text", ...found.fields } }, place);
}

function checkFields(value: unknown, shape: FieldsShape, place: Place): void {
  if (!isFields(value)) throw wrong(value, `${shape.name} with fields`, place);
  const known = Object.keys(shape.fields);
  for (const [key, field] of Object.entries(value)) {
    const expected = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
    if (expected !== undefined) checkShape(field, expected, within(place, value, key));
    else if (shape.open !== true)
      throw place.file.invalid(
        `${atPath(place)}${shape.name} has no field "${key}"${didYouMean(key, known) || place.advice}`,
        value,
        key,
      );
  }
  const missing = shape.required?.find((key) => value[key] === undefined);
  if (missing !== undefined)
    throw place.file.invalid(`${atPath(place)}${shape.name} needs the field "${missing}"`, value);
}

function within(place: Place, holder: unknown, key: string | number): Place {
  const path = typeof key === "number" ? `${place.path}[${key}]` : [place.path, key].filter(Boolean).join(".");
  return { ...place, path, holder, key };
}

function atPath(place: Place): string {
  return place.path === "" ? "" : `${place.path}: `;
}

function wrong(value: unknown, expected: string, place: Place): Error {
  const received = typeof value === "object" || value === undefined ? describe(value) : scalarText(value);
  return place.file.invalid(`${atPath(place)}${expected} is expected; received ${received}`, place.holder, place.key);
}

function scalarText(value: unknown): string {
  return (typeof value === "string" ? JSON.stringify(value) : String(value)).slice(0, 80);
}

function describe(value: object | null | undefined): string {
  if (value === null || value === undefined) return "nothing";
  return Array.isArray(value) ? "a list" : "a mapping";
}
