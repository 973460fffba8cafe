// Workbooks that cannot be loaded: each is refused with a coded error that says what and where, on arrival or when it is converted.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { contract, isMillraceError, t, type Arrival } from "@millrace/core";
import { workbookOf, workbookParts, zipOf, type CellValue, type SheetOf } from "@millrace/core/testing";
import { describe, expect, it } from "vitest";
import { convertObject } from "../formats/convert-object.ts";
import { openHarness, type ChannelHarness } from "../testing/channel-harness.ts";
import { filesConnector } from "./files-connector.ts";
import { files } from "./files.ts";
import type { FilesOptions } from "./files-config.ts";

const Sale = contract("sales", {
  id: t.int64(),
  sku: t.string(),
  price: t.decimal(12, 2),
  note: t.string().optional(),
});
const header = ["id", "sku", "price", "note"];
const sheet = (rows: readonly (readonly CellValue[])[], more: Partial<SheetOf> = {}): SheetOf => ({
  name: "Sales",
  rows,
  ...more,
});

/** Code and message of what became of the file. */
async function refusal(content: Uint8Array, options: Partial<FilesOptions> = {}): Promise<string> {
  const ready = { kind: "quiet-period", period: "0s" } as const;
  await using harness = await openHarness(
    filesConnector,
    files("a.xlsx", { into: Sale, write: "append", ready, ...options }),
  );
  writeFileSync(join(harness.folder, "a.xlsx"), content);
  const [arrival] = await harness.drain();
  const [refused] = harness.refused;
  return described(refused?.error ?? (arrival === undefined ? undefined : await conversionFault(harness, arrival)));
}

function described(error: unknown): string {
  return isMillraceError(error) ? `${error.code}: ${error.message}` : String(error);
}

async function conversionFault(
  { context }: ChannelHarness,
  { format, files: known, objects }: Arrival,
): Promise<unknown> {
  const [object] = objects;
  if (format.kind !== "converted" || object === undefined) return undefined;
  await using local = await context.objects.local(object.ref);
  await using scratch = await context.objects.scratch("csv");
  const { bytes, codec: stored } = object.ref;
  const input = {
    local: local.path,
    stored,
    encoding: object.encoding,
    path: known?.[0]?.path ?? "",
    bytes,
    contract: Sale,
  };
  return await convertObject(input, format, { target: scratch.path, clock: context.clock }).catch(
    (thrown: unknown) => thrown,
  );
}

describe("refuses", () => {
  const rows = [header, [1, "a", 1], [2, "b", 2]];
  const noisy = Array.from({ length: 3000 }, (_, at) => [at, `sku ${at * 7919}`, at]);

  it.each<[string, () => Uint8Array, string, Partial<FilesOptions>?]>([
    [
      "a missing sheet, naming those that are there",
      () => workbookOf([sheet(rows), sheet([["x"]], { name: "B" })]),
      'file-sheet: a.xlsx has no sheet "Sale"; it has "Sales", "B".',
      { sheet: "Sale" },
    ],
    [
      "several sheets when none is named",
      () => workbookOf([sheet(rows), sheet([["x"]], { name: "B" })]),
      "file-sheet: a.xlsx has 2 sheets, and the channel does not say which",
    ],
    [
      "two rows that could be the header",
      () => workbookOf([sheet([header, ["x"], header, [1, "a", 1]])]),
      'file-header: a.xlsx (sheet "Sales") has two rows that could be its header, 1 and 3; declare headerRow: 1 or 3.',
    ],
    ["no header", () => workbookOf([sheet([[1, "a", 1]])]), "has no header that names the contract's columns id, sku"],
    [
      "a header that lacks a column",
      () => workbookOf([sheet([["id", "sku", "prise"]])]),
      'file-columns: a.xlsx (sheet "Sales") does not fit the contract: row 1 comes closest to a header, but required column missing: "price", perhaps "prise"',
    ],
    [
      "a merged header",
      () => workbookOf([sheet(rows, { merged: ["C1:D1"] })]),
      'file-header: a.xlsx (sheet "Sales") has merged cells C1:D1 in its header, row 1',
    ],
    [
      "merged cells among records",
      () => workbookOf([sheet(rows, { merged: ["B2:B3"] })]),
      'file-merged-cells: a.xlsx (sheet "Sales") has merged cells B2:B3 among its records',
    ],
    [
      "a compound file that is no workbook",
      () => Buffer.concat([Buffer.from("d0cf11e0a1b11ae1", "hex"), Buffer.alloc(2000)]),
      "file-encrypted: a.xlsx",
    ],
    [
      "an encrypted member",
      () => zipOf(workbookParts([sheet(rows)]).map((part) => ({ ...part, encrypted: true }))),
      "file-encrypted: a.xlsx holds [Content_Types].xml",
    ],
    [
      "a workbook that ends early",
      () => workbookOf([sheet([header, ...noisy])]).subarray(0, 20_000),
      "file-truncated: a.xlsx",
    ],
    [
      "a workbook with a hole",
      () => {
        const bytes = Buffer.from(workbookOf([sheet([header, ...noisy])]));
        bytes.fill(0x41, 9000, 9100);
        return bytes;
      },
      "file-unreadable: a.xlsx holds xl/",
    ],
    [
      "a zip that is no workbook",
      () => zipOf([{ name: "a.csv", content: "a" }]),
      "file-unreadable: a.xlsx is a zip archive, but no workbook.",
    ],
    ["something else", () => Buffer.from("id,sku,price\n"), "file-unreadable: a.xlsx is no workbook."],
    ["an empty file", () => Buffer.alloc(0), "file-unreadable: a.xlsx is empty."],
    [
      "a bomb of zeros",
      () => zipOf([...workbookParts([sheet(rows)]), { name: "x", content: Buffer.alloc(80_000_000) }]),
      "file-too-large: a.xlsx holds x, which unpacks to",
    ],
    [
      "a member that declares less than it holds",
      () =>
        zipOf(
          workbookParts([sheet([header, ...noisy])]).map((part) =>
            part.name.includes("sheet1") ? { ...part, declaredBytes: 1000 } : part,
          ),
        ),
      "file-",
    ],
    [
      "a name that leads outside",
      () => zipOf([...workbookParts([sheet(rows)]), { name: "../../etc/passwd", content: "x" }]),
      "file-archive: a.xlsx",
    ],
    [
      "an entity",
      () =>
        zipOf(
          workbookParts([sheet(rows)]).map((part) =>
            part.name === "xl/sharedStrings.xml"
              ? { ...part, content: '<!DOCTYPE x [<!ENTITY a "aaaa">]><sst><si><t>&a;</t></si></sst>' }
              : part,
          ),
        ),
      "file-unreadable: a.xlsx is not sound",
    ],
    [
      "rows out of order",
      () =>
        zipOf(
          workbookParts([sheet(rows)]).map((part) =>
            part.name.includes("sheet1")
              ? { ...part, content: String(part.content).replace('row r="3"', 'row r="1"') }
              : part,
          ),
        ),
      "has row 1 behind row 2",
    ],
  ])("%s", async (_, content, message, options) => {
    expect(await refusal(content(), options)).toContain(message);
  });
});
