// An Open Data Contract, version 3.0 or 3.1, as contracts: one for each table of its schema. Fields that the standard does not know are refused with
// their line; those that it knows and Millrace does not act upon are kept in the contract, so that an export has them again.
import type { ColumnDefinition, ContractDefinition, JsonFields, OdcsFacts, SetRuleDefinition } from "@millrace/core";
import { isFields, listOf, textOf, type Fields, type LocatedFile } from "../document/located.ts";
import type { ReportLoss } from "../document/loss.ts";
import { TakenNames } from "../document/names.ts";
import { checkShape } from "../document/shape.ts";
import { keptFields } from "./kept-fields.ts";
import { ownIdentity, ownTable } from "./own-fields.ts";
import { readProperty, type ReadProperty } from "./read-property.ts";
import { referenceTo } from "./reference-path.ts";
import { readTableQuality, type ReadTableQuality, type TableSource } from "./read-table-quality.ts";
import { documentShape } from "./structure.ts";

/** @throws MillraceError contract-file-invalid with file and line */
export function importOdcs(file: LocatedFile, report: ReportLoss): readonly ContractDefinition[] {
  const root = checkedDocument(file);
  const tables = listOf(root["schema"]).filter(isFields);
  if (tables.length === 0) throw file.invalid("the contract has no schema with tables", root, "schema");
  const kept = documentFacts(root, tables);
  const notActedUpon = Object.keys(kept).filter((key) => !["id", "name", "version", "status", "domain"].includes(key));
  if (notActedUpon.length > 0)
    report(
      "document",
      `kept as they are, without effect: ${notActedUpon.join(", ")}`,
      file.line(root, notActedUpon[0]),
    );
  const names = new TakenNames();
  return tables.map((table) =>
    readTable({ file, table, name: names.take(String(table["name"])), document: kept, report }),
  );
}

function checkedDocument(file: LocatedFile): Fields {
  const { root } = file;
  if (!isFields(root)) throw file.invalid("an Open Data Contract is a mapping that begins with apiVersion and kind");
  const version = textOf(root["apiVersion"]) ?? "";
  if (!/^v3\.[01]\.\d+$/.test(version))
    throw file.invalid(
      `apiVersion ${version === "" ? "is missing" : `"${version}" is not read`}; v3.0.x and v3.1.x are`,
      root,
      "apiVersion",
    );
  checkShape(root, documentShape, {
    file,
    path: "",
    holder: root,
    advice: "; facts of your own belong in customProperties",
  });
  return root;
}

/** What a document says beyond its tables; nothing for one that an export made up. */
function documentFacts(root: Fields, [table]: readonly Fields[]): JsonFields {
  const kept = keptFields(root, ["schema", "apiVersion", "kind"]);
  const own = ownIdentity(String(table?.["name"]), String(root["domain"]));
  if (kept["id"] !== own.id) return kept;
  return keptFields(
    kept,
    Object.keys(own).filter((key) => kept[key] === own[key as keyof typeof own]),
  );
}

interface TableToRead {
  readonly file: LocatedFile;
  readonly table: Fields;
  readonly name: string;
  readonly document: JsonFields;
  readonly report: ReportLoss;
}

function readTable({ file, table, name, document, report: reportAll }: TableToRead): ContractDefinition {
  const report: ReportLoss = (of, what, line) => reportAll(of === name ? name : `${name}.${of}`, what, line);
  if (name !== table["name"])
    report(name, `the table "${String(table["name"])}" is named ${name}`, file.line(table, "name"));
  const names = new TakenNames();
  const ruleNames = new TakenNames();
  const properties = listOf(table["properties"]).filter(isFields);
  const columns = new Map(
    properties.map((property) => [String(property["name"]), names.take(String(property["name"]))]),
  );
  const read = properties.map((property) =>
    readProperty({ file, property, name: columns.get(String(property["name"])) ?? "", report, ruleNames }),
  );
  const source: TableSource = { file, name, report, ruleNames, columnOf: (property) => columns.get(property) };
  const quality = readTableQuality(source, table["quality"]);
  const related = withRelationships(source, read, table);
  tellKeyOrder(properties, (what, line) => report(name, what, line), file);
  const facts = factsOf({ table, document, read, quality, kept: related.kept });
  const sets = [...read.flatMap((one) => one.sets), ...quality.sets, ...related.sets];
  return {
    kind: "contract",
    name,
    columns: related.columns,
    rules: quality.rules,
    ...(sets.length === 0 ? {} : { sets }),
    ...(typeof table["description"] === "string" ? { description: table["description"] } : {}),
    ...(facts === undefined ? {} : { odcs: facts }),
    location: { file: file.file, line: file.line(table) },
  };
}

interface Related {
  readonly columns: readonly ColumnDefinition[];
  readonly sets: readonly SetRuleDefinition[];
  readonly kept: readonly unknown[];
}

/** Relationships that stand at the table: a column's reference where it has none yet, else a rule. */
function withRelationships(source: TableSource, read: readonly ReadProperty[], table: Fields): Related {
  const columns = new Map(read.map(({ column }) => [column.name, column]));
  const sets: SetRuleDefinition[] = [];
  const kept: unknown[] = [];
  for (const one of listOf(table["relationships"]).filter(isFields)) {
    const from = columns.get(source.columnOf(referenceTo(one["from"])?.column ?? String(one["from"])) ?? "");
    const to = referenceTo(one["to"]);
    if (from === undefined || to === undefined) {
      kept.push(one);
      source.report(source.name, "a relationship of several columns is kept, not enforced", source.file.line(one));
    } else if (from.references === undefined) columns.set(from.name, { ...from, references: to });
    else
      sets.push({
        name: source.ruleNames.take(`${from.name}_in_${to.table}`),
        set: { set: "exists", columns: [from.name], table: to.table, parentColumns: [to.column] },
      });
  }
  return { columns: [...columns.values()], sets, kept };
}

/** A key's columns have the order of the contract's columns. */
function tellKeyOrder(
  properties: readonly Fields[],
  tell: (what: string, line: number) => void,
  file: LocatedFile,
): void {
  const key = properties.filter((property) => property["primaryKey"] === true);
  const positions = key
    .map((property) => Number(property["primaryKeyPosition"] ?? -1))
    .filter((position) => position > 0);
  const [first] = key;
  if (first !== undefined && positions.some((position, at) => at > 0 && position < (positions[at - 1] ?? 0)))
    tell(
      "primaryKeyPosition differs from the order of the columns, which is the order of the key here",
      file.line(first),
    );
}

interface Facts {
  readonly table: Fields;
  readonly document: JsonFields;
  readonly read: readonly ReadProperty[];
  readonly quality: ReadTableQuality;
  readonly kept: readonly unknown[];
}

function factsOf({ table, document, read, quality, kept }: Facts): OdcsFacts | undefined {
  const said = ["name", "description", "properties", "quality", "relationships"];
  const ownValues = Object.entries(ownTable).flatMap(([key, value]) => (table[key] === value ? [key] : []));
  const ofTable = {
    ...keptFields(table, [...said, ...ownValues]),
    ...keptFields({ quality: quality.kept, relationships: kept }, []),
  };
  const ofColumns = read
    .filter((one) => Object.keys(one.kept).length > 0)
    .map((one) => [one.column.name, one.kept] as const);
  const facts: OdcsFacts = {
    ...(Object.keys(document).length === 0 ? {} : { document }),
    ...(Object.keys(ofTable).length === 0 ? {} : { table: ofTable }),
    ...(ofColumns.length === 0 ? {} : { columns: Object.fromEntries(ofColumns) }),
  };
  return Object.keys(facts).length === 0 ? undefined : facts;
}
