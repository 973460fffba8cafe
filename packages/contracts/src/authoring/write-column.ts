// One column as an author writes it: `t.decimal(12, 2).min(0).optional()`.
import type { CleansingStep, ColumnCheck, ColumnDefinition, LogicalType } from "@millrace/core";
import { data, fieldName, isPlainNumber, pattern, quoted } from "./literal.ts";

/** @param use called with the name of each function of Millrace that the text needs */
export function columnText(column: ColumnDefinition, use: (name: string) => void): string {
  use("t");
  const { cleansing = [], references } = column;
  if (cleansing.length > 0) use("clean");
  return [
    typeText(column.type),
    ...(column.source === undefined ? [] : [`.from(${quoted(column.source)})`]),
    ...(cleansing.length === 0 ? [] : [`.clean(${cleansing.map(cleansingText).join(", ")})`]),
    ...(column.key ? [".key()"] : column.required ? [] : [".optional()"]),
    ...(column.version ? [".version()"] : []),
    ...column.checks.map((check) => checkText(check, column.type)),
    ...(references === undefined ? [] : [`.references(${quoted(`${references.table}.${references.column}`)})`]),
    ...(column.pii ? [".pii()"] : []),
    ...(column.description === undefined ? [] : [`.describe(${quoted(column.description)})`]),
  ].join("");
}

function typeText(type: LogicalType): string {
  switch (type.kind) {
    case "decimal":
      return `t.decimal(${type.precision}, ${type.scale})`;
    case "timestamp":
      return type.zone === undefined ? "t.timestamp()" : `t.timestamp({ zone: ${quoted(type.zone)} })`;
    case "enum":
      return `t.enum(${type.values.map(quoted).join(", ")})`;
    case "list":
      return `t.list(${typeText(type.item)})`;
    case "struct":
      return `t.struct({ ${Object.entries(type.fields)
        .map(([name, field]) => `${fieldName(name)}: ${typeText(field)}`)
        .join(", ")} })`;
    default:
      return `t.${type.kind}()`;
  }
}

function checkText(check: ColumnCheck, type: LogicalType): string {
  const { severity, name } = check;
  const options = { ...(severity === undefined ? {} : { severity }), ...(name === undefined ? {} : { name }) };
  switch (check.check) {
    case "min":
    case "max":
      return call(check.check, [bound(check.value, type)], {
        ...(check.exclusive === undefined ? {} : { exclusive: check.exclusive }),
        ...options,
      });
    case "multipleOf":
      return call("multipleOf", [bound(check.step, type)], options);
    case "length": {
      const { min, max } = check;
      return call("length", [], { min, max, ...options });
    }
    case "casing":
      return call("casing", [quoted(check.to)], options);
    case "pattern":
    case "notPattern":
      return call(check.check, [pattern(check.pattern)], options);
    case "like":
    case "notLike":
      return call(check.check, [quoted(check.pattern)], options);
    case "oneOf":
    case "notOneOf":
      return [
        call(
          check.check,
          check.values.map((value) => bound(value, type)),
          {},
        ),
        ...(severity === undefined ? [] : [`.severity(${quoted(severity)})`]),
        ...(name === undefined ? [] : [`.named(${quoted(name)})`]),
      ].join("");
    default:
      return call(check.check, [], options);
  }
}

/** A number for columns of numbers; everything else is text. */
function bound(value: string, type: LogicalType): string {
  const numeric = ["int32", "int64", "decimal", "float"].includes(type.kind);
  return numeric && isPlainNumber(value) ? value : quoted(value);
}

function call(name: string, given: readonly string[], options: object): string {
  const stated = Object.values(options).some((value) => value !== undefined);
  return `.${name}(${[...given, ...(stated ? [data(options)] : [])].join(", ")})`;
}

function cleansingText(step: CleansingStep): string {
  switch (step.step) {
    case "nullIf":
      return `clean.nullIf(${step.values.map(quoted).join(", ")})`;
    case "number":
      return `clean.number(${data({ decimal: step.decimal, group: step.group === "" ? undefined : step.group })})`;
    case "date":
      return `clean.date(${step.formats.map(quoted).join(", ")})`;
    case "phone":
      return `clean.phone(${quoted(step.callingCode)})`;
    case "map":
      return `clean.map(${data(step.entries)}${step.others === "keep" ? "" : ', { others: "missing" }'})`;
    case "default":
      return `clean.default(${quoted(step.value)})`;
    default:
      return `clean.${step.step}()`;
  }
}
