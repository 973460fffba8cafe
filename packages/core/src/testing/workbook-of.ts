// Makes small XLSX workbooks in memory, for tests: values of all kinds, titles, merged and broken cells.
import { zipOf, type ZipMember } from "./zip-of.ts";

/** A number with a style is a moment; `raw` stands in the cell as it is. */
export type CellValue =
  | string
  | number
  | boolean
  | undefined
  | { readonly serial: number; readonly style: "date" | "moment" | "time" | "percent" }
  | { readonly error: string }
  | { readonly formula: string; readonly text: string }
  | { readonly raw: string };

export interface SheetOf {
  readonly name: string;
  /** From row 1 and column A on; `undefined` leaves a cell out, an empty row a row. */
  readonly rows: readonly (readonly CellValue[])[];
  readonly merged?: readonly string[];
  readonly hidden?: boolean;
}

const styles = { date: 1, moment: 2, time: 3, percent: 4 } as const;
const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const packaged = "http://schemas.openxmlformats.org/package/2006/relationships";

export function workbookOf(sheets: readonly SheetOf[], options: { readonly date1904?: boolean } = {}): Buffer {
  return zipOf(workbookParts(sheets, options));
}

/** The members of such a workbook, for tests that break one. */
export function workbookParts(
  sheets: readonly SheetOf[],
  { date1904 = false }: { readonly date1904?: boolean } = {},
): readonly ZipMember[] {
  const texts: string[] = [];
  const bodies = sheets.map((sheet) => sheetXml(sheet, texts));
  const names = sheets.map(
    ({ name, hidden }, at) =>
      `<sheet name="${escaped(name)}" sheetId="${at + 1}"${hidden === true ? ' state="hidden"' : ""} r:id="rId${at + 1}"/>`,
  );
  const targets = sheets.map((_, at) => relation(at + 1, "worksheet", `worksheets/sheet${at + 1}.xml`));
  targets.push(relation(sheets.length + 1, "styles", "styles.xml"));
  targets.push(relation(sheets.length + 2, "sharedStrings", "sharedStrings.xml"));
  return [
    { name: "[Content_Types].xml", content: typesXml(sheets.length) },
    { name: "_rels/.rels", content: relationsXml([relation(1, "officeDocument", "xl/workbook.xml")]) },
    {
      name: "xl/workbook.xml",
      content: `<workbook xmlns="${main}" xmlns:r="${relations}"><workbookPr${date1904 ? ' date1904="1"' : ""}/><sheets>${names.join("")}</sheets></workbook>`,
    },
    { name: "xl/_rels/workbook.xml.rels", content: relationsXml(targets) },
    { name: "xl/styles.xml", content: stylesXml },
    ...bodies.map((content, at) => ({ name: `xl/worksheets/sheet${at + 1}.xml`, content })),
    {
      name: "xl/sharedStrings.xml",
      content: `<sst xmlns="${main}">${texts.map((text) => `<si><t xml:space="preserve">${escaped(text)}</t></si>`).join("")}</sst>`,
    },
  ];
}

function typesXml(sheets: number): string {
  const type = "application/vnd.openxmlformats-officedocument.spreadsheetml";
  const part = (name: string, kind: string): string =>
    `<Override PartName="/xl/${name}.xml" ContentType="${type}.${kind}+xml"/>`;
  const parts = Array.from({ length: sheets }, (_, at) => part(`worksheets/sheet${at + 1}`, "worksheet"));
  parts.push(part("workbook", "sheet.main"), part("styles", "styles"), part("sharedStrings", "sharedStrings"));
  return `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>${parts.join("")}</Types>`;
}

const stylesXml = `<styleSheet xmlns="${main}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>
<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="21"/><xf numFmtId="10"/></cellXfs></styleSheet>`;

function relation(id: number, type: string, target: string): string {
  return `<Relationship Id="rId${id}" Type="${relations}/${type}" Target="${target}"/>`;
}

function relationsXml(targets: readonly string[]): string {
  return `<Relationships xmlns="${packaged}">${targets.join("")}</Relationships>`;
}

function sheetXml({ rows, merged = [] }: SheetOf, texts: string[]): string {
  const lines = rows.flatMap((cells, at) => {
    if (cells.length === 0) return [];
    const xml = cells.map((cell, column) => cellXml(cell, `${String.fromCharCode(65 + column)}${at + 1}`, texts));
    return [`<row r="${at + 1}">${xml.join("")}</row>`];
  });
  const ranges = merged.map((range) => `<mergeCell ref="${range}"/>`).join("");
  return `<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="${main}"><sheetData>${lines.join("")}</sheetData>${
    ranges === "" ? "" : `<mergeCells>${ranges}</mergeCells>`
  }</worksheet>`;
}

function cellXml(cell: CellValue, address: string, texts: string[]): string {
  if (cell === undefined) return "";
  if (typeof cell === "string") return `<c r="${address}" t="s"><v>${texts.push(cell) - 1}</v></c>`;
  if (typeof cell === "number") return `<c r="${address}"><v>${cell}</v></c>`;
  if (typeof cell === "boolean") return `<c r="${address}" t="b"><v>${cell ? 1 : 0}</v></c>`;
  if ("serial" in cell) return `<c r="${address}" s="${styles[cell.style]}"><v>${cell.serial}</v></c>`;
  if ("error" in cell) return `<c r="${address}" t="e"><f>A1/0</f><v>${cell.error}</v></c>`;
  if ("formula" in cell)
    return `<c r="${address}" t="str"><f>${escaped(cell.formula)}</f><v>${escaped(cell.text)}</v></c>`;
  return `<c r="${address}"><v>${cell.raw}</v></c>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
