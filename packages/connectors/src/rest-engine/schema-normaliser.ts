// Casts values to the types of a JSON Schema, as far as they can be cast; everything else stays as it is, for the contract to judge.
import type { RecordStep } from "./components.ts";
import type { Fields } from "./slice.ts";

/** The last step of a stream that declares schema normalisation. `$ref` is followed inside the schema. */
export function schemaNormaliser(schema: Fields): RecordStep {
  return (record) => {
    normalise(record, schema, schema);
    return record;
  };
}

function normalise(value: unknown, schema: Fields, root: Fields): void {
  const { properties, items } = resolved(schema, root);
  if (Array.isArray(value) && isFields(items)) {
    for (const [at, item] of value.entries()) {
      value[at] = cast(item, resolved(items, root));
      normalise(value[at], items, root);
    }
  } else if (isFields(value) && isFields(properties)) {
    const fields = value as Record<string, unknown>;
    for (const [name, inner] of Object.entries(properties)) {
      if (!Object.hasOwn(fields, name) || !isFields(inner)) continue;
      fields[name] = cast(fields[name], resolved(inner, root));
      normalise(fields[name], inner, root);
    }
  }
}

/** One step is enough: a reference to a reference is not followed, so that a circle ends. */
function resolved(schema: Fields, root: Fields): Fields {
  const reference = schema["$ref"];
  if (typeof reference !== "string" || !reference.startsWith("#/")) return schema;
  let found: unknown = root;
  for (const name of reference.slice(2).split("/")) found = isFields(found) ? found[name] : undefined;
  return isFields(found) ? found : schema;
}

function cast(value: unknown, schema: Fields): unknown {
  const declared = schema["type"];
  const types = (Array.isArray(declared) ? (declared as unknown[]) : [declared]).filter((type) => type !== "null");
  const allowsNull = types.length < (Array.isArray(declared) ? declared.length : 1) || declared === "null";
  if (value === undefined || (value === null && allowsNull) || types.length !== 1) return value;
  switch (types[0]) {
    case "string":
      return value === null ? "None" : typeof value === "string" ? value : textOf(value);
    case "number":
      return numberOf(value) ?? value;
    case "integer":
      return integerOf(value) ?? value;
    case "boolean":
      return typeof value === "string" ? (booleanOf(value) ?? value) : Boolean(value);
    case "array":
      return castToList(value, schema);
    default:
      return value;
  }
}

function textOf(value: unknown): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "object" ? JSON.stringify(value) : `${value as number}`;
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string" && value.trim() === "") return undefined;
  const number = typeof value === "string" || typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

function integerOf(value: unknown): number | bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value !== "string") {
    const number = numberOf(value);
    return number === undefined ? undefined : Math.trunc(number);
  }
  if (!/^\s*[+-]?\d+\s*$/.test(value)) return undefined;
  const exact = BigInt(value.trim().replace(/^\+/, ""));
  return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
}

const yes = new Set(["y", "yes", "t", "true", "on", "1"]);
const no = new Set(["n", "no", "f", "false", "off", "0"]);

function booleanOf(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (yes.has(word)) return true;
  return no.has(word) ? false : undefined;
}

/** A single value where a list of such values is declared. */
function castToList(value: unknown, schema: Fields): unknown {
  const items = schema["items"];
  const declared = isFields(items) ? items["type"] : undefined;
  const types = declared === undefined ? [] : [declared].flat();
  const isSimple = ["string", "number", "boolean"].includes(typeof value);
  return isSimple && types.every((type) => simpleTypes.has(type)) ? [value] : value;
}

const simpleTypes = new Set<unknown>(["string", "number", "integer", "boolean", "null"]);

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
