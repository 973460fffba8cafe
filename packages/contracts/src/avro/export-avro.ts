// A contract as an Avro schema (1.12) of the table's rows. Avro knows types alone, so rules are told as lost.
import type { ContractDefinition, LogicalType } from "@millrace/core";
import type { ReportLoss } from "../document/loss.ts";
import { TakenNames, validName } from "../document/names.ts";
import { tellRules } from "../document/tell-rules.ts";

type AvroType = string | readonly AvroType[] | { readonly [key: string]: unknown };

/** The schema as JSON text (.avsc). */
export function exportAvro(contract: ContractDefinition, domain: string, report: ReportLoss): string {
  tellRules(contract, report);
  const writer = new TypeWriter(contract.name, report);
  const fields = contract.columns.map((column) => {
    tellColumn(column, report);
    const type = writer.type(column.type, column.name);
    return {
      name: column.name,
      ...(column.description === undefined ? {} : { doc: column.description }),
      type: column.required ? type : ["null", type],
      ...(column.required ? {} : { default: null }),
    };
  });
  const { description } = contract;
  const schema = {
    type: "record",
    name: contract.name,
    namespace: validName(domain),
    ...(description === undefined ? {} : { doc: description }),
    fields,
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function tellColumn(
  { name, checks, cleansing, key, references, pii, version }: ContractDefinition["columns"][number],
  report: ReportLoss,
): void {
  const lost = [
    ...checks.map(({ check }) => `the check ${check}`),
    ...(cleansing === undefined ? [] : ["its cleansing"]),
    ...(key ? ["that it is a key"] : []),
    ...(version ? ["that it orders versions"] : []),
    ...(references === undefined ? [] : ["its reference"]),
    ...(pii ? ["that it is personal data"] : []),
  ];
  if (lost.length > 0) report(name, `Avro does not say ${lost.join(", ")}`);
}

class TypeWriter {
  readonly #report: ReportLoss;
  /** Names of the records and enums in the schema. */
  readonly #names = new TakenNames();

  constructor(record: string, report: ReportLoss) {
    this.#names.take(record);
    this.#report = report;
  }

  type(type: LogicalType, path: string): AvroType {
    switch (type.kind) {
      case "int32":
        return "int";
      case "int64":
        return "long";
      case "decimal":
        return { type: "bytes", logicalType: "decimal", precision: type.precision, scale: type.scale };
      case "float":
        return "double";
      case "bool":
        return "boolean";
      case "date":
        return { type: "int", logicalType: "date" };
      case "timestamp":
        return { type: "long", logicalType: "timestamp-micros" };
      case "datetime":
        return { type: "long", logicalType: "local-timestamp-micros" };
      case "time":
        return { type: "long", logicalType: "time-micros" };
      case "uuid":
        return { type: "string", logicalType: "uuid" };
      case "enum":
        return this.#enum(type.values, path);
      case "list":
        return { type: "array", items: ["null", this.type(type.item, `${path}_item`)] };
      case "struct":
        return this.#record(type.fields, path);
      case "json":
        this.#report(path, "JSON becomes text");
        return "string";
      default:
        return type.kind === "bytes" ? "bytes" : "string";
    }
  }

  /** Symbols are names in Avro. */
  #enum(values: readonly string[], path: string): AvroType {
    if (values.every((value) => /^[A-Za-z_]\w*$/.test(value)))
      return { type: "enum", name: this.#names.take(path), symbols: values };
    this.#report(path, "its values are no names that Avro takes; it becomes text");
    return "string";
  }

  #record(fields: Readonly<Record<string, LogicalType>>, path: string): AvroType {
    const own = this.#names.take(path);
    const taken = new TakenNames();
    return {
      type: "record",
      name: own,
      fields: Object.entries(fields).map(([field, type]) => {
        const name = taken.take(field);
        if (name !== field) this.#report(path, `its part "${field}" is named ${name}`);
        return { name, type: ["null", this.type(type, `${path}_${name}`)], default: null };
      }),
    };
  }
}
