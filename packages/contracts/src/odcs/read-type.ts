// The logical type of a property of an Open Data Contract. Where the standard's nine types say too little, the physical type tells more.
import type { LogicalType } from "@millrace/core";
import { isFields, listOf, textOf, type Fields } from "../document/located.ts";
import { fromSqlType } from "../types/sql-type.ts";

/** @param tell called with a sentence where the type is a guess */
export function typeOfProperty(property: Fields, tell: (what: string) => void): LogicalType {
  const physical = fromSqlType(textOf(property["physicalType"]) ?? "");
  const logical = textOf(property["logicalType"]);
  const options = isFields(property["logicalTypeOptions"]) ? property["logicalTypeOptions"] : {};
  const format = textOf(options["format"]);
  switch (logical) {
    case "string":
      return textType(physical, format);
    case "integer":
      return integerType(physical, format);
    case "number":
      return numberType(physical, format, options, tell);
    case "boolean":
      return { kind: "bool" };
    case "date":
    case "time":
      return { kind: logical };
    case "timestamp":
      return momentType(physical, options);
    case "object":
      return structType(property, tell);
    case "array":
      return listType(property, tell);
    default:
      if (physical === undefined) tell("it has no type; text is taken");
      return physical ?? { kind: "string" };
  }
}

function textType(physical: LogicalType | undefined, format: string | undefined): LogicalType {
  if (physical?.kind === "json" || physical?.kind === "uuid" || physical?.kind === "bytes") return physical;
  if (format === "uuid" && physical?.kind !== "string") return { kind: "uuid" };
  return format === "binary" || format === "byte" ? { kind: "bytes" } : { kind: "string" };
}

const bits: Readonly<Record<string, LogicalType>> = {
  i8: { kind: "int32" },
  i16: { kind: "int32" },
  i32: { kind: "int32" },
  u8: { kind: "int32" },
  u16: { kind: "int32" },
  u32: { kind: "int64" },
  i64: { kind: "int64" },
  u64: { kind: "decimal", precision: 20, scale: 0 },
  i128: { kind: "decimal", precision: 38, scale: 0 },
  u128: { kind: "decimal", precision: 38, scale: 0 },
};

function integerType(physical: LogicalType | undefined, format: string | undefined): LogicalType {
  const said = format === undefined ? undefined : bits[format];
  if (said !== undefined) return said;
  const whole = physical?.kind === "int32" || (physical?.kind === "decimal" && physical.scale === 0);
  // The standard's default is 32 bits, but few documents mean it: 64 hold all of those too.
  return whole ? physical : { kind: "int64" };
}

function numberType(
  physical: LogicalType | undefined,
  format: string | undefined,
  options: Fields,
  tell: (what: string) => void,
): LogicalType {
  if (physical?.kind === "decimal" || physical?.kind === "int32" || physical?.kind === "int64") return physical;
  if (format !== undefined || physical?.kind === "float") return { kind: "float" };
  const step = /^0\.(0*1|0*5)$/.exec(String(options["multipleOf"]))?.[1];
  if (step !== undefined) return { kind: "decimal", precision: 18, scale: step.length };
  tell('it is a number without digits (physicalType such as "decimal(12,2)" would say them); float is taken');
  return { kind: "float" };
}

function momentType(physical: LogicalType | undefined, options: Fields): LogicalType {
  const zone = textOf(options["defaultTimezone"]);
  const named = zone === undefined || /^(?:Etc\/)?UTC$/.test(zone) ? {} : { zone };
  if (
    zone === undefined &&
    (options["timezone"] === false || (options["timezone"] === undefined && physical?.kind === "datetime"))
  )
    return { kind: "datetime" };
  return { kind: "timestamp", ...named };
}

function structType(property: Fields, tell: (what: string) => void): LogicalType {
  const parts = listOf(property["properties"]).filter(isFields);
  if (parts.length === 0) return { kind: "json" };
  return {
    kind: "struct",
    fields: Object.fromEntries(parts.map((part) => [String(part["name"]), nested(part, tell)])),
  };
}

function listType(property: Fields, tell: (what: string) => void): LogicalType {
  const { items } = property;
  if (isFields(items)) return { kind: "list", item: nested(items, tell) };
  tell("its items have no type; JSON is taken");
  return { kind: "json" };
}

const ofNoEffect = ["required", "unique", "primaryKey", "quality", "relationships"];

function nested(part: Fields, tell: (what: string) => void): LogicalType {
  const lost = ofNoEffect.filter((key) => part[key] !== undefined && part[key] !== false);
  const name = textOf(part["name"]);
  if (lost.length > 0)
    tell(
      `${name === undefined ? "its items" : `its part ${name}`}: ${lost.join(", ")} not enforced inside nested values`,
    );
  return typeOfProperty(part, (what) => tell(name === undefined ? what : `${name}: ${what}`));
}
