// Sheets of all three kinds become the same records; the fast scanner agrees with a library on any workbook, however its bytes are cut.
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contract, t, type ContractDefinition } from "@millrace/core";
import { workbookOf, zipOf, type CellValue } from "@millrace/core/testing";
import { CFB, read, utils, write, type CellObject } from "@e965/xlsx";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { ByteFile } from "../byte-file.ts";
import type { CellSink } from "./cell-sink.ts";
import { numberText } from "./cell-text.ts";
import { convertSheet } from "./convert-sheet.ts";
import { inspectSheet, type SheetOptions } from "./inspect-sheet.ts";
import { SheetScanner } from "./sheet-scanner.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-sheets-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const Row = contract("rows", {
  id: t.decimal(20, 3),
  text: t.string().optional(),
  day: t.date().optional(),
  moment: t.timestamp().optional(),
  clock: t.time().optional(),
  flag: t.bool().optional(),
});
const header = ["id", "text", "day", "moment", "clock", "flag"];

/** What the engine would read. */
async function csvOf(bytes: Uint8Array, into: ContractDefinition = Row, options: SheetOptions = {}): Promise<string> {
  const local = join(folder, "original");
  const target = join(folder, "converted");
  writeFileSync(local, bytes);
  const conversion = await inspectSheet({ local, path: "a", contract: into }, options);
  const file = openSync(target, "w");
  const written = new ByteFile({ file, path: "a", originalBytes: bytes.byteLength });
  const input = {
    local,
    stored: "none",
    encoding: "none",
    path: "a",
    bytes: bytes.byteLength,
    contract: into,
  } as const;
  await convertSheet(input, conversion, written);
  written.end();
  closeSync(file);
  return readFileSync(target, "utf8");
}

const expected = `1.5,"a & b  c
line2",2023-03-15,2023-03-15T12:30:00,06:30:00,true,Tab!2
2,#DIV/0!,,2023-03-15T00:00:00,,false,Tab!5
`;

function odsOf(rows: readonly string[], manifest = "<manifest/>"): Buffer {
  const names = ["office", "table", "text", "style"].map(
    (name) => `xmlns:${name}="urn:oasis:names:tc:opendocument:xmlns:${name}:1.0"`,
  );
  const body = rows
    .map((row) => (row.startsWith("<table:table-row") ? row : `<table:table-row>${row}</table:table-row>`))
    .join("");
  return zipOf([
    { name: "mimetype", content: "application/vnd.oasis.opendocument.spreadsheet" },
    {
      name: "content.xml",
      content: `<?xml version="1.0"?><office:document-content ${names.join(" ")} xmlns:calcext="c"><office:automatic-styles><style:style style:name="ta2"><style:table-properties table:display="false"/></style:style></office:automatic-styles><office:body><office:spreadsheet>
        <table:table table:name="Old" table:style-name="ta2"></table:table><table:table table:name="Tab">${body}</table:table></office:spreadsheet></office:body></office:document-content>`,
    },
    { name: "META-INF/manifest.xml", content: manifest },
  ]);
}

const odsCell = (type: string, value: string, text = ""): string =>
  `<table:table-cell office:value-type="${type}" ${value}><text:p>${text}</text:p></table:table-cell>`;
const odsHeader = header.map((name) => odsCell("string", "", name)).join("");

describe("kinds of workbooks", () => {
  it("ODS: repeats, comments, paragraphs, moments, failed formulas", async () => {
    const bytes = odsOf([
      odsHeader,
      [
        odsCell("float", 'office:value="1.5"', "1,50"),
        '<table:table-cell office:value-type="string"><office:annotation><text:p>a comment</text:p></office:annotation><text:p>a &amp; b<text:s text:c="2"/>c</text:p><text:p>line2</text:p></table:table-cell>',
        odsCell("date", 'office:date-value="2023-03-15"', "15.03.23"),
        odsCell("date", 'office:date-value="2023-03-15T12:30:00"', "15.03.23"),
        odsCell("time", 'office:time-value="PT06H30M00S"', "06:30"),
        odsCell("boolean", 'office:boolean-value="true"', "WAHR"),
      ].join(""),
      '<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="1024"/></table:table-row>',
      [
        odsCell("float", 'office:value="2"', "2"),
        '<table:table-cell office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>',
        "<table:table-cell/>",
        odsCell("date", 'office:date-value="2023-03-15"', "15.03.23"),
        "<table:covered-table-cell/>",
        odsCell("boolean", 'office:boolean-value="false"', "FALSCH"),
      ].join(""),
      '<table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>',
    ]);
    expect(await csvOf(bytes)).toBe(expected);
    expect(await csvOf(bytes, Row, { sheet: "Tab", range: "A1:F2" })).toBe(
      expected.slice(0, expected.indexOf("2,#DIV")),
    );
  });

  it("ODS: rows and cells that are repeated count as often", async () => {
    const Pair = contract("pairs", { a: t.int32(), b: t.int32() });
    const bytes = odsOf([
      odsCell("string", "", "a") + odsCell("string", "", "b"),
      '<table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="2" office:value-type="float" office:value="7"><text:p>7</text:p></table:table-cell></table:table-row>',
    ]);
    expect(await csvOf(bytes, Pair)).toBe("7,7,Tab!2\n7,7,Tab!3\n7,7,Tab!4\n");
  });

  it("XLS, in any time zone", async () => {
    const moment = (serial: number, format: string): CellObject => ({ t: "n", v: serial, z: format });
    const rows = [
      header,
      [
        1.5,
        "a & b  c\nline2",
        moment(45_000, "yyyy-mm-dd"),
        moment(45_000 + 12.5 / 24, "d/m/yy h:mm"),
        moment(6.5 / 24, "hh:mm"),
        true,
      ],
      [],
      [],
      [2, { t: "e", v: 0x07 }, null, moment(45_000, "yyyy-mm-dd"), null, false],
    ];
    const book = utils.book_new();
    utils.book_append_sheet(book, utils.aoa_to_sheet(rows), "Tab");
    const bytes: Uint8Array = write(book, { bookType: "biff8", type: "buffer" });
    expect(await csvOf(bytes)).toBe(expected);
    await expect(csvOf(bytes.subarray(0, 700))).rejects.toMatchObject({ code: "file-unreadable" });
  });

  it.each([
    ["a workbook that is protected by a password", () => encryptedBook(), "file-encrypted"],
    ["an ODS that is", () => odsOf([odsHeader], "<manifest><encryption-data/></manifest>"), "file-encrypted"],
    [
      "an ODS with entities",
      () =>
        zipOf([
          { name: "mimetype", content: "application/vnd.oasis.opendocument.spreadsheet" },
          { name: "content.xml", content: '<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>' },
        ]),
      "file-unreadable",
    ],
    [
      "an ODS that ends early",
      () =>
        zipOf([
          { name: "mimetype", content: "application/vnd.oasis.opendocument.spreadsheet" },
          { name: "content.xml", content: "<a><b>" },
        ]),
      "file-unreadable",
    ],
  ])("refuses %s", async (_, bytes, code) => {
    await expect(csvOf(bytes())).rejects.toMatchObject({ code });
  });
});

function encryptedBook(): Uint8Array {
  const file = CFB.utils.cfb_new();
  CFB.utils.cfb_add(file, "/EncryptedPackage", Buffer.alloc(5000));
  CFB.utils.cfb_add(file, "/EncryptionInfo", Buffer.alloc(100));
  return CFB.write(file, { type: "buffer" }) as Uint8Array;
}

describe("the scanner", () => {
  const Loose = contract("loose", { a: t.string().optional(), b: t.string().optional(), c: t.string().optional() });
  const cell = fc.oneof(
    fc.constant(undefined),
    fc.string({ unit: fc.constantFrom("a", "Z", "9", " ", ",", '"', "'", "\n", "&", "<", ">", "é", "漢", "😀", "_") }),
    fc.integer(),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  );

  it("agrees with a library on any cells", async () => {
    const property = fc.asyncProperty(fc.array(fc.tuple(cell, cell, cell), { maxLength: 8 }), async (rows) => {
      const bytes = workbookOf([{ name: "S", rows: [["a", "b", "c"], ...rows] }]);
      const other = read(bytes, { type: "buffer", dense: true }).Sheets["S"]?.["!data"] ?? [];
      expect(await csvOf(bytes, Loose)).toBe(libraryCsv(other));
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it("gives the same cells however its bytes are cut, with or without a prefix, with inline texts", () => {
    const xml = `<?xml version="1.0"?><x:worksheet xmlns:x="m"><x:dimension ref="A1:C9"/><x:cols><x:col min="1"/></x:cols><x:sheetData><x:row r="1" spans="1:3"><x:c r="A1" t="inlineStr"><x:is><x:r><x:t>one </x:t></x:r><x:rPh><x:t>no</x:t></x:rPh><x:r><x:rPr/><x:t xml:space="preserve"> two &#x26; _x0041_</x:t></x:r></x:is></x:c><x:c r="C1" s="3"><x:f>A1&gt;2</x:f><x:v>4.5</x:v></x:c></x:row><x:row r="7"/><x:row><x:c/><x:c t="str"><x:v>t</x:v></x:c><x:c t="b"><x:v>1</x:v></x:c><x:c t="e"><x:v>#N/A</x:v></x:c><x:c t="s"><x:v>12</x:v></x:c></x:row></x:sheetData><x:mergeCells count="1"><x:mergeCell ref="A1:B2"/></x:mergeCells></x:worksheet>`;
    const whole = [
      "row 1",
      "1 text one  two & A",
      "3 number 4.5 3",
      "end",
      "row 7",
      "end",
      "row 8",
      "2 text t",
      "3 flag true",
      "4 fault #N/A",
      "5 shared 12",
      "end",
    ];
    for (const text of [xml, xml.replaceAll("x:", "")])
      for (const length of [1, 7, 64, text.length]) {
        const { seen, sink } = recorder();
        const scanner = new SheetScanner(sink);
        for (let at = 0; at < text.length; at += length) scanner.push(Buffer.from(text.slice(at, at + length)));
        scanner.end();
        expect(seen).toEqual(whole);
        expect(scanner.merged).toEqual([{ firstRow: 1, lastRow: 2, firstColumn: 1, lastColumn: 2 }]);
      }
  });

  it.each([
    ["ends inside its rows", '<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'],
    ["does not end", '<worksheet><sheetData><row r="1"><c r="A1"><v>1</row></sheetData>'],
    [
      "cells out of order",
      '<worksheet><sheetData><row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row></sheetData>',
    ],
  ])("tells that a sheet %s", (message, xml) => {
    const scanner = new SheetScanner(recorder().sink);
    expect(() => {
      scanner.push(Buffer.from(xml));
      scanner.end();
    }).toThrow(message);
  });
});

function recorder(): { readonly seen: string[]; readonly sink: CellSink } {
  const seen: string[] = [];
  const note = (text: string): void => void seen.push(text);
  const sink: CellSink = {
    row: (row) => (note(`row ${row}`), true),
    number: (column, bytes, from, to, style) =>
      note(`${column} number ${Buffer.from(bytes.subarray(from, to)).toString()} ${style}`),
    shared: (column, index) => note(`${column} shared ${index}`),
    text: (column, text) => note(`${column} text ${text}`),
    moment: (column, text) => note(`${column} moment ${text}`),
    flag: (column, value) => note(`${column} flag ${value}`),
    fault: (column, text) => note(`${column} fault ${text}`),
    endRow: () => note("end"),
  };
  return { seen, sink };
}

/** The cells as the library has them, as lines. */
function libraryCsv(data: readonly (readonly (CellObject | undefined)[] | undefined)[]): string {
  const lines = data.slice(1).flatMap((cells, at) => {
    const texts = [0, 1, 2].map((column) => {
      const value = cells?.[column]?.v;
      if (typeof value === "number") return numberText(String(value), "plain");
      return value === undefined ? "" : quoted(String(value));
    });
    return texts.every((text) => text === "") ? [] : [`${texts.join(",")},S!${at + 2}\n`];
  });
  return lines.join("");
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

it.each<[string, string, CellValue]>([
  ["0.1", "0.1", 0],
  ["0.30000000000000004", "0.3", 0],
  ["1.0000000000000002", "1", 0],
  ["123456789012345678", "123456789012345678", 0],
  ["1.2345678901234568E+17", "123456789012346000", 0],
  ["1E-7", "0.0000001", 0],
  ["-1.5e3", "-1500", 0],
  ["1e21", "1000000000000000000000", 0],
  ["x", "x", 0],
])("writes the number %s as %s", (text, shown) => {
  expect(numberText(text, "plain")).toBe(shown);
});
