// What an upload is by its content and its sender's word, which names pass, and which declarations make sense.
import { contract, isMillraceError, t } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { blobColumns } from "./blob-columns.ts";
import { UploadContent } from "./upload-content.ts";
import { requireName } from "./upload-name.ts";
import { agreedType, isAllowed, sniffType } from "./upload-type.ts";
import { uploads, validateUploads } from "./uploads.ts";
import type { UploadsOptions } from "./uploads-config.ts";

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");
const zip = bytes(`PK\u0003\u0004${"\0".repeat(26)}`);
const word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

describe("the type of an upload", () => {
  it.each([
    [bytes("%PDF-1.4\n1 0 obj"), undefined, "a.pdf", "application/pdf"],
    [bytes("%PDF-1.4\n1 0 obj"), "application/octet-stream", "a", "application/pdf"],
    [bytes("%PDF-1.4\n1 0 obj"), "image/png", "a.png", undefined],
    [bytes("\u0089PNG\r\n\u001a\n\0\0\0\rIHDR\0\0\0\u0001\0\0\0\u0001\u0008"), "image/png", "a.png", "image/png"],
    [bytes("\u00ff\u00d8\u00ff\u00e0\0\u0010JFIF\0"), "image/jpg", "a.jpg", "image/jpeg"],
    [bytes("MZ\u0090\0\u0003"), "text/csv", "a.csv", undefined],
    [bytes("a,b\n1,2\n"), "text/csv; charset=utf-8", "a.csv", "text/csv"],
    [bytes("a,b\n1,2\n"), undefined, "a.csv", "text/csv"],
    [bytes("a,b\n1,2\n"), "application/vnd.ms-excel", "a.csv", "text/csv"],
    [bytes("a,b\n1,2\n"), "application/vnd.ms-excel", "a.xls", undefined],
    [bytes("a,b\n1,2\n"), "image/png", "a.png", undefined],
    [bytes("a,b\n1,2\n"), "text/html", "a.html", undefined],
    [bytes('{"a":1}'), "application/json", "a", "application/json"],
    [bytes("  <!-- x --><HTML><body>"), "text/plain", "a.txt", undefined],
    [bytes("<?xml version='1.0'?><html xmlns='x'>"), "application/xml", "a.xml", undefined],
    [bytes("<svg onload='x'>"), "image/svg+xml", "a.svg", "image/svg+xml"],
    [bytes("<svg onload='x'>"), "image/png", "a.png", undefined],
    [bytes("<?xml version='1.0'?><invoice/>"), "application/atom+xml", "a", "application/atom+xml"],
    [zip, word, "a.docx", word],
    [zip, "application/pdf", "a.pdf", undefined],
    [bytes("\u0000\u0001\u0002\u0003"), undefined, "a", "application/octet-stream"],
    [bytes("\u0000\u0001\u0002\u0003"), "text/plain", "a.txt", undefined],
  ])("%#", async (head, declared, name, type) => {
    const claim = { name, ...(declared === undefined ? {} : { declared }) };
    expect(agreedType(await sniffType(head), claim)).toBe(type);
  });

  it("matches what a channel takes", () => {
    expect([isAllowed("image/png", ["image/*"]), isAllowed("image/png", ["application/pdf", "image/jpeg"])]).toEqual([
      true,
      false,
    ]);
    expect(isAllowed("image/jpeg", ["image/jpg"])).toBe(true);
    expect(isAllowed("imagery/png", ["image/*"])).toBe(false);
  });
});

it.each(["", "  ", ".", "..", "../a", "a/b", "C:\\a.pdf", "a\u0000", "a\n", "a\u202efdp.exe", "é".repeat(128)])(
  "refuses the name %j",
  (name) => {
    expect(() => requireName(name)).toThrow(/name of an uploaded file/);
  },
);

it("takes names as people write them", () => {
  for (const name of ["a.pdf", ".hidden", "été (2).pdf", "a..b", "件名.csv", "é".repeat(127)])
    expect(requireName(name)).toBe(name.normalize("NFC"));
});

describe("the content on its way", () => {
  const sent = async function* (chunks: readonly string[], seen: { ended: boolean }): AsyncGenerator<Uint8Array> {
    try {
      for (const chunk of chunks) yield await Promise.resolve(bytes(chunk));
    } finally {
      seen.ended = true;
    }
  };

  it("passes on unchanged, whatever the pieces, and says when it is not read any further", async () => {
    const chunks = ["%P", "DF-1.7\n", "x".repeat(100_000), "y".repeat(70_000)];
    const seen = { ended: false };
    const file = { name: "a.pdf", digests: [], content: sent(chunks, seen) };
    const content = new UploadContent(file, { fileBytesMax: 1_000_000, refused: "drop" });
    const { extension, whole } = await content.begin();
    const pieces: Uint8Array[] = [];
    for await (const piece of whole) pieces.push(piece);
    expect([extension, Buffer.concat(pieces).toString("latin1") === chunks.join("")]).toEqual(["pdf", true]);
    expect([content.bytes, content.type, seen.ended]).toEqual([170_009, "application/pdf", true]);
  });

  it("ends as soon as there is too much, and what brings it learns that", async () => {
    const seen = { ended: false };
    const file = { name: "a.pdf", digests: [], content: sent(["%PDF-1.7", "x".repeat(70_000), "y", "z"], seen) };
    const content = new UploadContent(file, { fileBytesMax: 70_008, refused: "keep" });
    const { whole } = await content.begin();
    const reading = Array.fromAsync(whole);
    await expect(reading).rejects.toSatisfy((error) => isMillraceError(error, "upload-too-large"));
    expect([content.bytes, seen.ended]).toEqual([70_009, true]);
  });
});

const Receipt = contract("receipts", { ...blobColumns(), order_id: t.string() });
const Plain = contract("plain", { id: t.string().key(), name: t.string() });
const TwoKeys = contract("two", { ...blobColumns(), order_id: t.string().key() });

it.each<[UploadsOptions, RegExp]>([
  [{ into: Plain }, /no column for "type"; begin its columns with \.\.\.blobColumns\(\)/],
  [{ into: TwoKeys }, /merged by its key "id" alone/],
  [{ into: Receipt, write: "append" }, /merged by its key "id" alone/],
  [{ into: Receipt, format: "csv" }, /"format" is for as: "rows"/],
  [{ into: Receipt, types: [] }, /at least one type/],
  [{ into: Receipt, types: ["pdf"] }, /media types such as/],
  [{ into: Receipt, fileBytesMax: 0 }, /whole number/],
  [{ into: Plain, as: "rows", types: ["text/csv"] }, /"types" is for as: "blobs"/],
  [{ into: Plain, as: "rows", refused: "keep" }, /is for as: "blobs"/],
  [{ into: Plain, as: "rows", format: "json", delimiter: ";" }, /"delimiter" is for CSV/],
])("refuses a declaration that makes no sense: %#", (options, message) => {
  expect(() => uploads(options)).toThrow(message);
});

it("is the same as data", () => {
  const declared = uploads({ into: Plain, as: "rows", delimiter: ";", onRewrite: "replace" });
  const outputs = declared.outputs.map((output) => ({ ...output, domain: "d" }));
  const channel = structuredClone({ ...declared, domain: "d", name: "c", outputs });
  expect(() => validateUploads(channel)).not.toThrow();
  const wrong = { ...channel, config: { ...channel.config, fileBytesMax: -1 } };
  expect(() => validateUploads(wrong)).toThrow(/fileBytesMax/);
});
