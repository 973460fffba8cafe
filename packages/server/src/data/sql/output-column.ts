// What a request selects, as columns of the answer: an expression, a name, and the type that decides how values are written.
import { MillraceError, type LogicalType } from "@millrace/core";
import type { ServedColumn, ServedTable } from "../../catalogue/served-table.ts";
import type { SelectItem } from "../grammar/syntax.ts";
import { findColumn } from "./find-column.ts";
import { columnReference } from "./statement.ts";

export interface OutputColumn {
  readonly name: string;
  readonly sql: string;
  readonly type: LogicalType;
}

interface Cast {
  readonly sqlType: string;
  readonly type: LogicalType;
}

const string: Cast = { sqlType: "VARCHAR", type: { kind: "string" } };
const int32: Cast = { sqlType: "INTEGER", type: { kind: "int32" } };
const int64: Cast = { sqlType: "BIGINT", type: { kind: "int64" } };
const double: Cast = { sqlType: "DOUBLE", type: { kind: "float" } };
const bool: Cast = { sqlType: "BOOLEAN", type: { kind: "bool" } };
const timestamp: Cast = { sqlType: "TIMESTAMP WITH TIME ZONE", type: { kind: "timestamp" } };

/** PostgreSQL's names of the types, as clients write them behind `::`. */
const casts: Readonly<Record<string, Cast>> = {
  text: string,
  varchar: string,
  int: int32,
  int4: int32,
  integer: int32,
  int8: int64,
  bigint: int64,
  float: double,
  float8: double,
  "double precision": double,
  bool,
  boolean: bool,
  date: { sqlType: "DATE", type: { kind: "date" } },
  time: { sqlType: "TIME", type: { kind: "time" } },
  timestamp: { sqlType: "TIMESTAMP", type: { kind: "datetime" } },
  timestamptz: timestamp,
  "timestamp with time zone": timestamp,
  uuid: { sqlType: "UUID", type: { kind: "uuid" } },
  json: { sqlType: "JSON", type: { kind: "json" } },
  jsonb: { sqlType: "JSON", type: { kind: "json" } },
};

/** @throws MillraceError request-invalid: unknown column or type, or one name twice */
export function outputColumns(select: readonly SelectItem[], table: ServedTable): readonly OutputColumn[] {
  const columns = select.flatMap((item) =>
    item.kind === "all"
      ? table.columns.filter((column) => !column.origin).map((column) => output(column))
      : [output(findColumn(table, item.column), item.alias, item.cast)],
  );
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (seen.has(name))
      throw new MillraceError("request-invalid", `select: ${JSON.stringify(name)} is answered twice.`, {
        hint: "Give one of them another name: select=name:column.",
        details: { parameter: "select" },
      });
    seen.add(name);
  }
  return columns;
}

function output(column: ServedColumn, alias?: string, castName?: string): OutputColumn {
  const name = alias ?? column.name;
  const plain = columnReference(column);
  if (castName === undefined) return { name, sql: plain, type: column.type };
  const { sqlType, type } = castOf(castName);
  return { name, sql: `CAST(${plain} AS ${sqlType})`, type };
}

function castOf(name: string): Cast {
  const known = casts[name] ?? decimalCast(name);
  if (known !== undefined) return known;
  throw new MillraceError("request-invalid", `select: there is no type ${JSON.stringify(name)}.`, {
    hint: `Types to cast to are ${Object.keys(casts).join(", ")} and numeric(precision,scale).`,
    details: { parameter: "select" },
  });
}

function decimalCast(name: string): Cast | undefined {
  const [, precisionText, scaleText = "0"] = /^(?:numeric|decimal)\(([0-9]+)(?:,([0-9]+))?\)$/.exec(name) ?? [];
  const precision = Number(precisionText);
  const scale = Number(scaleText);
  if (!(precision >= 1 && precision <= 38 && scale <= precision)) return undefined;
  return { sqlType: `DECIMAL(${precision},${scale})`, type: { kind: "decimal", precision, scale } };
}
