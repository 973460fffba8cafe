// A dbt property file (schema.yml) as contracts: one for each model, seed, snapshot and table of a source, with the rules that its data tests stand for.
import type { ContractDefinition } from "@millrace/core";
import { isFields, listOf, textOf, type Fields, type LocatedFile } from "../document/located.ts";
import type { ReportLoss } from "../document/loss.ts";
import { TakenNames } from "../document/names.ts";
import { ColumnDraft, TableDraft } from "./table-draft.ts";

/** @throws MillraceError contract-file-invalid with file and line */
export function importDbt(file: LocatedFile, report: ReportLoss): readonly ContractDefinition[] {
  const { root } = file;
  if (!isFields(root)) throw file.invalid("a dbt property file is a mapping with models, sources, seeds or snapshots");
  const sources = listOf(root["sources"])
    .filter(isFields)
    .flatMap((source) => listOf(source["tables"]));
  const tables = [...listOf(root["models"]), ...listOf(root["seeds"]), ...listOf(root["snapshots"]), ...sources].filter(
    isFields,
  );
  if (tables.length === 0) throw file.invalid("no models, sources, seeds or snapshots are described here", root);
  const names = new TakenNames();
  const read = tables.flatMap((table) => {
    if (typeof table["name"] !== "string") throw file.invalid("a table needs a name", table);
    const columns = listOf(table["columns"]).filter(isFields);
    const name = names.take(table["name"]);
    if (columns.length > 0) return [readTable(file, table, name, report)];
    report(name, "it describes no columns, so it becomes no contract", file.line(table));
    return [];
  });
  if (read.length === 0) throw file.invalid("no table of the file describes its columns", tables[0]);
  return read;
}

function readTable(file: LocatedFile, table: Fields, name: string, reportAll: ReportLoss): ContractDefinition {
  const report: ReportLoss = (of, what, line) => reportAll(of === name ? name : `${name}.${of}`, what, line);
  const names = new TakenNames();
  const columns = listOf(table["columns"])
    .filter(isFields)
    .map((column) => {
      if (typeof column["name"] !== "string") throw file.invalid("a column needs a name", column);
      return new ColumnDraft(column, names.take(column["name"]));
    });
  const draft = new TableDraft({ file, name, columns, report });
  for (const column of columns) {
    for (const constraint of listOf(column.written["constraints"]).filter(isFields))
      draft.constraint(constraint, column);
    for (const test of testsOf(column.written)) draft.test(test, column.written, column);
  }
  for (const constraint of listOf(table["constraints"]).filter(isFields)) draft.constraint(constraint);
  for (const test of testsOf(table)) draft.test(test, table);
  return { ...draft.definition(textOf(table["description"])), location: { file: file.file, line: file.line(table) } };
}

/** `data_tests`, which older files call `tests`. */
function testsOf(holder: Fields): readonly unknown[] {
  return [...listOf(holder["data_tests"]), ...listOf(holder["tests"])];
}
