// The rows of the spreadsheet benchmark, written as XLSX and as CSV, with what must be found in the table.
import { closeSync, openSync, writeSync } from "node:fs";
import { crc32, createDeflateRaw } from "node:zlib";
import { once } from "node:events";
import { contract, t, type ContractDefinition } from "@millrace/core";

export const Sheet: ContractDefinition = contract("sheets", {
  id: t.int64(),
  sku: t.string().pattern("^SKU-[0-9]{6}$"),
  price: t.decimal(12, 2).min(0),
  qty: t.int32().min(1),
  day: t.date(),
  ts: t.timestamp(),
  kind: t.enum("weekly", "flash", "daily", "season"),
  active: t.bool(),
  score: t.float(),
  note: t.string(),
});

/** What the table holds when every row is where it belongs. */
export interface SheetTruth {
  readonly accepted: number;
  readonly quarantined: number;
  /** Sum of `id`, as text. */
  readonly ids: string;
  /** Sum of `price`, as text with two digits. */
  readonly prices: string;
}

const kinds = ["weekly", "flash", "daily", "season"] as const;
const skus = 1000;
const notes = 5000;
const firstSerial = 45_000;
const days = 700;
const letters = "ABCDEFGHIJ";
const names = ["id", "sku", "price", "qty", "day", "ts", "kind", "active", "score", "note"];
const pieceChars = 128 * 1024;

/** Every hundredth row has a text where its price belongs. */
function isBad(row: number): boolean {
  return row % 100 === 50;
}

function cents(row: number): number {
  return (row * 7919) % 1_000_000;
}

export function sheetTruth(rows: number): SheetTruth {
  let quarantined = 0;
  let ids = 0n;
  let sum = 0n;
  for (let row = 0; row < rows; row += 1) {
    if (isBad(row)) quarantined += 1;
    else {
      ids += BigInt(row);
      sum += BigInt(cents(row));
    }
  }
  const prices = `${sum / 100n}.${String(sum % 100n).padStart(2, "0")}`;
  return { accepted: rows - quarantined, quarantined, ids: String(ids), prices };
}

export function writeCsv(path: string, rows: number): void {
  const file = openSync(path, "w");
  writeSync(file, `${names.join(",")}\n`);
  for (const piece of pieces(rows, csvLine)) writeSync(file, piece);
  closeSync(file);
}

function csvLine(row: number): string {
  const moment = (serial: number): string => new Date(Math.round((serial - 25_569) * 86_400) * 1000).toISOString();
  const price = isBad(row) ? "n/a" : (cents(row) / 100).toFixed(2);
  const day = moment(firstSerial + (row % days)).slice(0, 10);
  const at = moment(firstSerial + (row % 86_400) / 86_400).slice(0, 19);
  return `${row},${sku(row)},${price},${1 + (row % 1000)},${day},${at},${kinds[row % 4] ?? ""},${row % 2 === 1},${score(row)},"${note(row)}"\n`;
}

function sku(row: number): string {
  return `SKU-${String(row % skus).padStart(6, "0")}`;
}

function note(row: number): string {
  return `note ${row % notes}, with a comma & more`;
}

function score(row: number): number {
  return (row % 1009) / 1009;
}

export async function writeXlsx(path: string, rows: number): Promise<void> {
  const archive = new ZipWriter(path);
  const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
  const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
  const packaged = "http://schemas.openxmlformats.org/package/2006";
  const type = "application/vnd.openxmlformats-officedocument.spreadsheetml";
  const relation = (id: number, kind: string, target: string): string =>
    `<Relationship Id="rId${id}" Type="${office}/${kind}" Target="${target}"/>`;
  const relations = (...all: string[]): string =>
    `<Relationships xmlns="${packaged}/relationships">${all.join("")}</Relationships>`;
  const part = (name: string, kind: string): string =>
    `<Override PartName="/xl/${name}.xml" ContentType="${type}.${kind}+xml"/>`;
  await archive.add("[Content_Types].xml", [
    `<Types xmlns="${packaged}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>${part("workbook", "sheet.main")}${part("worksheets/sheet1", "worksheet")}${part("styles", "styles")}${part("sharedStrings", "sharedStrings")}</Types>`,
  ]);
  await archive.add("_rels/.rels", [relations(relation(1, "officeDocument", "xl/workbook.xml"))]);
  await archive.add("xl/workbook.xml", [
    `<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>`,
  ]);
  await archive.add("xl/_rels/workbook.xml.rels", [
    relations(
      relation(1, "worksheet", "worksheets/sheet1.xml"),
      relation(2, "sharedStrings", "sharedStrings.xml"),
      relation(3, "styles", "styles.xml"),
    ),
  ]);
  await archive.add("xl/styles.xml", [
    `<styleSheet xmlns="${main}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm:ss"/></numFmts><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>`,
  ]);
  await archive.add("xl/worksheets/sheet1.xml", sheetXml(rows, main));
  await archive.add("xl/sharedStrings.xml", [
    `<sst xmlns="${main}">`,
    ...texts().map((text) => `<si><t>${text}</t></si>`),
    "</sst>",
  ]);
  archive.close();
}

/** Shared texts: stock numbers, kinds, the text of a bad price, names of columns, notes. */
function texts(): string[] {
  const stock = Array.from({ length: skus }, (_, at) => sku(at));
  return [
    ...stock,
    ...kinds,
    "n/a",
    ...names,
    ...Array.from({ length: notes }, (_, at) => note(at).replace("&", "&amp;")),
  ];
}

function* sheetXml(rows: number, main: string): Generator<string> {
  const kindsFrom = skus;
  const badText = kindsFrom + kinds.length;
  const namesFrom = badText + 1;
  const notesFrom = namesFrom + names.length;
  const header = names.map((_, at) => `<c r="${letters[at] ?? ""}1" t="s"><v>${namesFrom + at}</v></c>`).join("");
  yield `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><worksheet xmlns="${main}"><sheetData><row r="1">${header}</row>`;
  yield* pieces(rows, (row) => {
    const r = row + 2;
    const price = isBad(row) ? ` t="s"><v>${badText}` : `><v>${cents(row) / 100}`;
    return `<row r="${r}"><c r="A${r}"><v>${row}</v></c><c r="B${r}" t="s"><v>${row % skus}</v></c><c r="C${r}"${price}</v></c><c r="D${r}"><v>${1 + (row % 1000)}</v></c><c r="E${r}" s="1"><v>${firstSerial + (row % days)}</v></c><c r="F${r}" s="2"><v>${firstSerial + (row % 86_400) / 86_400}</v></c><c r="G${r}" t="s"><v>${kindsFrom + (row % 4)}</v></c><c r="H${r}" t="b"><v>${row % 2}</v></c><c r="I${r}"><v>${score(row)}</v></c><c r="J${r}" t="s"><v>${notesFrom + (row % notes)}</v></c></row>`;
  });
  yield "</sheetData></worksheet>";
}

function* pieces(rows: number, line: (row: number) => string): Generator<string> {
  let piece = "";
  for (let row = 0; row < rows; row += 1) {
    piece += line(row);
    if (piece.length < pieceChars) continue;
    yield piece;
    piece = "";
  }
  yield piece;
}

/** Writes members one after the other, deflated, with their sizes behind them. */
class ZipWriter {
  readonly #file: number;
  readonly #entries: Buffer[] = [];
  #at = 0;

  constructor(path: string) {
    this.#file = openSync(path, "w");
  }

  async add(name: string, content: Iterable<string>): Promise<void> {
    const at = this.#at;
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(8, 2);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    this.#write(word(0x04034b50), fields, Buffer.from(name));
    const before = this.#at;
    const deflate = createDeflateRaw({ chunkSize: 256 * 1024 }).on("data", (packed: Buffer) => this.#write(packed));
    let checksum = 0;
    let bytes = 0;
    for (const text of content) {
      const piece = Buffer.from(text);
      checksum = crc32(piece, checksum);
      bytes += piece.byteLength;
      if (!deflate.write(piece)) await once(deflate, "drain");
    }
    deflate.end();
    await once(deflate, "end");
    fields.writeUInt32LE(checksum, 10);
    fields.writeUInt32LE(this.#at - before, 14);
    fields.writeUInt32LE(bytes, 18);
    this.#write(word(0x08074b50), fields.subarray(10, 22));
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    this.#entries.push(Buffer.concat([word(0x02014b50), fields.subarray(0, 2), fields, tail, Buffer.from(name)]));
  }

  close(): void {
    const from = this.#at;
    this.#write(...this.#entries);
    const end = Buffer.alloc(18);
    end.writeUInt16LE(this.#entries.length, 4);
    end.writeUInt16LE(this.#entries.length, 6);
    end.writeUInt32LE(this.#at - from, 8);
    end.writeUInt32LE(from, 12);
    this.#write(word(0x06054b50), end);
    closeSync(this.#file);
  }

  #write(...parts: readonly Buffer[]): void {
    for (const part of parts) this.#at += writeSync(this.#file, part);
  }
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
