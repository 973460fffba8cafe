// Which columns of a sheet a contract takes, and how the engine reads what is written of them. Light: no reader of workbooks is loaded for it.
import { originColumn, type ContractDefinition, type EngineFormat } from "@millrace/core";
import { sourceName } from "../../files/csv-columns.ts";
import type { SheetConversion } from "../conversion.ts";
import { columnLetters } from "./cell-address.ts";
import { cellManner, type CellManner } from "./cell-text.ts";
import type { NamedColumn } from "./sheet-header.ts";

export interface WantedColumn extends NamedColumn {
  readonly manner: CellManner;
}

/** How the engine reads convertSheet writes. */
export function sheetFormat(conversion: SheetConversion, contract: ContractDefinition): EngineFormat {
  const columns = wantedColumns(conversion, contract);
  return {
    kind: "csv",
    delimiter: ",",
    quote: '"',
    columns: [...columns.map(({ name }) => name), originColumn],
    header: false,
    nullTokens: conversion.nullTokens,
    traced: Object.fromEntries(columns.map(({ name, column }) => [name, columnLetters(column)])),
  };
}

/** The columns that the contract takes from the sheet, in the sheet's order. */
export function wantedColumns({ columns }: SheetConversion, contract: ContractDefinition): readonly WantedColumn[] {
  const types = new Map(contract.columns.map((column) => [sourceName(column), column.type]));
  return columns
    .filter(({ name }) => types.has(name))
    .map(({ name, column }) => ({ name, column, manner: cellManner(types.get(name)) }));
}
