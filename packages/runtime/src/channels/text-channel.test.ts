// Text as businesses send it, through the platform: other encodings, fixed width, XML; each record once, each bad one with its place.
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { connectors, files, type FilesOptions } from "@millrace/connectors";
import { contract, t, type ChannelDefinition, type Contract, type ProjectDefinition } from "@millrace/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ledgerFaults } from "../load/ledger-integrity.ts";
import { newFolder, openStage, removeFolder, type OpenStage } from "../testing/embedded-stage.ts";

const Item: Contract<unknown> = contract("items", {
  id: t.int64(),
  name: t.string(),
  price: t.decimal(12, 2).optional(),
});
const Nested: Contract<unknown> = contract("items", {
  id: t.int64().from("@id"),
  name: t.string(),
  price: t.decimal(12, 2).optional().from("price/#text"),
  currency: t.string().optional().from("price/@currency"),
  tags: t.json().optional().from("tag"),
});

let folder: string;
let stage: OpenStage;

beforeEach(() => {
  folder = newFolder();
  mkdirSync(join(folder, "drop"));
});

afterEach(async () => {
  expect(await ledgerFaults(stage.parts.warehouse)).toEqual([]);
  await stage.close();
  removeFolder(folder);
});

function project(into: Contract<unknown>, options: Partial<FilesOptions>): ProjectDefinition {
  const ready = { kind: "quiet-period", period: "0s" } as const;
  const declared = files("drop/*", { into, write: "append", folder, ready, ...options });
  const outputs = declared.outputs.map((output) => ({ ...output, domain: "shop" }));
  const channel: ChannelDefinition = { ...declared, outputs, domain: "shop", name: "texts" };
  const domain = { name: "shop", folder, contracts: [into], channels: [channel], models: [] };
  return { config: { name: "shop" }, folder, domains: [domain] };
}

async function load(
  content: Record<string, string | Uint8Array>,
  options: Partial<FilesOptions> = {},
  into = Item,
): ReturnType<OpenStage["platform"]["runUntilIdle"]> {
  for (const [at, [name, bytes]] of Object.entries(content).entries()) {
    writeFileSync(join(folder, "drop", name), bytes);
    utimesSync(join(folder, "drop", name), 1_700_000_000 + at, 1_700_000_000 + at);
  }
  stage = await openStage(folder, project(into, options), { connectors });
  await stage.platform.start({ live: false });
  return stage.platform.runUntilIdle({});
}

const quarantined = (): Promise<readonly unknown[]> =>
  stage.rows("SELECT position, codes, reasons FROM millrace.quarantine ORDER BY batch, position");

const utf16 = (text: string, order: "le" | "be", mark = true): Buffer => {
  const bytes = Buffer.from((mark ? "\uFEFF" : "") + text, "utf16le");
  return order === "le" ? bytes : bytes.swap16();
};
const csv = "id;name;price\n1;Grüße, 東京;1.50\n2;x;?\n";

it("reads UTF-16 by its mark or its zeros, tabs by their name, marks in front of JSON", async () => {
  const report = await load({
    "1.csv": utf16(csv, "le"),
    "2.csv": utf16(csv, "be"),
    "3.csv.gz": gzipSync(utf16(csv.replace("東京", "Tokio"), "le", false)),
    "4.ndjson": `\uFEFF{"id":3,"name":"j"}\n`,
    "5.json": utf16('[{"id":4,"name":"k"}]', "le"),
    "6.tsv": "id\tname\tprice\n5\ta,b;c\t2\n",
  });
  expect(report.errors).toEqual([]);
  expect(await stage.rows("SELECT id, name FROM shop.items ORDER BY _batch, _row")).toEqual([
    [1n, "Grüße, 東京"],
    [1n, "Grüße, 東京"],
    [1n, "Grüße, Tokio"],
    [3n, "j"],
    [4n, "k"],
    [5n, "a,b;c"],
  ]);
  expect(await quarantined()).toHaveLength(3);
});

it("reads declared encodings, and refuses bytes that are not of them, naming the line", async () => {
  const latin = Buffer.from("id,name\n1,Gr\xFC\xDFe \x80\n", "latin1");
  expect((await load({ "a.csv": latin }, { encoding: "windows-1252" })).errors).toEqual([]);
  expect(await stage.rows("SELECT name FROM shop.items")).toEqual(["Grüße €"]);
  await stage.close();
  const wrong = await load({ "b.csv": latin });
  expect(wrong.errors).toMatchObject([
    { code: "file-encoding", message: expect.stringContaining("drop/b.csv is not utf-8 text") },
  ]);
  await stage.close();
  const lines = Array.from({ length: 90_000 }, (_, at) => `${at},a long name\n`).join("");
  const broken = Buffer.concat([Buffer.from(`id,name\n${lines}`), Buffer.from([0x31, 0x2c, 0x83, 0x0a])]);
  const japanese = await load({ "c.csv": broken }, { encoding: "shift_jis" });
  expect(japanese.errors).toMatchObject([
    {
      code: "file-encoding",
      message: expect.stringMatching(/drop\/c.csv has bytes behind line \d+ that are not shift_jis/),
    },
  ]);
});

it("reads lines of fixed width between their header and trailer, and names the line of a bad one", async () => {
  const text = 'H20260101\r\n0000001 Hammer    0001.50\r\n\r\n0000002 "Nail", x  x.10\r\n0000003 Saw\r\nT0000003\r\n';
  const columns = [
    { name: "id", start: 1, width: 7 },
    { name: "name", start: 9, width: 10 },
    { name: "price", start: 19, width: 7 },
  ];
  const report = await load(
    { "a.txt": text },
    { format: "fixed", fixedWidth: { columns, headerLines: 1, trailerLines: 1 } },
  );
  expect(report).toMatchObject({ errors: [], batches: [{ received: 3n, accepted: 2n }] });
  expect(await stage.rows("SELECT id, name, price FROM shop.items ORDER BY _row")).toEqual([
    [1n, "Hammer", "1.50"],
    [3n, "Saw", null],
  ]);
  expect(await quarantined()).toEqual([[2n, ["items.price.type"], ["price: x.10 is no decimal (line 4)"]]]);
});

const xml = (items: string): string =>
  `<?xml version="1.0" encoding="ISO-8859-1"?>\n<!-- a list --><c:catalog xmlns:c="u"><info><item id="9"/></info>${items}</c:catalog>`;

it("reads the elements of an XML document: attributes, texts, repeated and nested elements", async () => {
  const items = `<item id="1"><name>Gr\xFC\xDFe &amp; <![CDATA[<b>]]></name><price currency="EUR">1.50</price><tag>a</tag><tag>b</tag></item>
    <item id="x"><name>n</name></item><c:item id="2"><name>&#x6771;</name><tag/></c:item>`;
  const report = await load({ "a.xml": Buffer.from(xml(items), "latin1") }, { records: "/catalog/item" }, Nested);
  expect(report).toMatchObject({ errors: [], batches: [{ received: 3n, accepted: 2n }] });
  expect(await stage.rows("SELECT id, name, price, currency, tags FROM shop.items ORDER BY _row")).toEqual([
    [1n, "Grüße & <b>", "1.50", "EUR", '["a","b"]'],
    [2n, "東", null, null, null],
  ]);
  expect(await quarantined()).toEqual([[2n, ["items.id.type"], ["id: x is no int64"]]]);
});

it.each<[string, string, string]>([
  [
    "declares entities",
    '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><catalog><item>&c;</item></catalog>',
    "declares entities",
  ],
  [
    "uses entities of nobody",
    "<catalog><item><name>&nbsp;</name></item></catalog>",
    "the entity &nbsp; is not one that XML defines",
  ],
  ["ends early", "<catalog>\n<item><name>a</name></item>\n<item>", "ends inside <item>, in line 3"],
  ["closes what is not open", "<catalog><item></catalog>", "closes <catalog> where <item> is open"],
  [
    "has no place for records",
    "<catalogue><item/></catalogue>",
    "has no element /catalog in which its records would be",
  ],
  ["is nested without end", "<catalog>".repeat(300), "nested deeper than 256"],
])("refuses XML that %s, with its place", async (_, content, message) => {
  const report = await load({ "a.xml": content }, { records: "/catalog/item" }, Nested);
  expect(report).toMatchObject({
    batches: [],
    errors: [{ code: "file-unreadable", message: expect.stringContaining(message) }],
  });
});
