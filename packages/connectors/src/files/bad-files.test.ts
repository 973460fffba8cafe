// Files that cannot be loaded: each is refused with a coded error and a hint, recorded once, leaves no raw object, and holds nothing up.
import { appendFileSync, writeFileSync } from "node:fs";
import { chmod, readFile } from "node:fs/promises";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { contract, isMillraceError, t, type Arrival, type RefusedFile } from "@millrace/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { drop, fileChannel, header, paths } from "../testing/promotion-files.ts";
import type { FilesOptions } from "./files-config.ts";

const good = `${header}a,1,\n`;
const lines = good + "b,2,x\n".repeat(5000);
const cut = (bytes: Uint8Array, by = 5): Uint8Array => bytes.subarray(0, bytes.byteLength - by);
const flipped = (bytes: Uint8Array): Uint8Array =>
  Uint8Array.from(bytes, (byte, at) => (at === 40 ? byte ^ 0xff : byte));

describe("is refused", () => {
  it.each<[string, string, string | Uint8Array, string, string, Partial<FilesOptions>?]>([
    ["an empty file", "a.csv", "", "file-unreadable", "is empty"],
    ["an empty compressed file", "a.csv.gz", gzipSync(""), "file-unreadable", "is empty"],
    ["a gzip that ends early", "a.csv.gz", cut(gzipSync(lines)), "file-truncated", "ends inside its gzip stream"],
    ["a gzip without a byte", "a.csv.gz", "", "file-truncated", "ends inside its gzip stream"],
    ["a gzip that is damaged", "a.csv.gz", flipped(gzipSync(lines)), "file-unreadable", "is not valid gzip"],
    [
      "a gzip with something behind it",
      "a.csv.gz",
      Buffer.concat([gzipSync(lines), Buffer.from("tail")]),
      "file-unreadable",
      "is not valid gzip",
    ],
    [
      "a zstd that ends early",
      "a.csv.zst",
      cut(zstdCompressSync(lines)),
      "file-truncated",
      "ends inside its zstd stream",
    ],
    [
      "a second zstd frame that ends early",
      "a.csv.zst",
      Buffer.concat([zstdCompressSync(lines), cut(zstdCompressSync(lines))]),
      "file-truncated",
      "ends inside",
    ],
    ["a file that only says it is gzip", "a.csv.gz", lines, "file-unreadable", "is not valid gzip"],
    ["a gzip that does not say so", "a.csv", gzipSync(lines), "file-unreadable", "name it .gz"],
    ["a Parquet that ends early", "a.parquet", "PAR1 data", "file-truncated", "before its Parquet footer"],
    ["a Parquet that is none", "a.parquet", "hello", "file-unreadable", "is not Parquet"],
    [
      "a CSV that lacks a required column",
      "a.csv",
      "promo_id;prise;note\na;1;\n",
      "file-columns",
      'required column missing: "price", perhaps "prise"',
    ],
    [
      "a CSV that lacks two",
      "a.csv",
      "x,y\n1,2\n",
      "file-columns",
      'required columns missing: "promo_id"; "price"; found x, y',
    ],
    [
      "a CSV with a column twice",
      "a.csv",
      "promo_id,price,Price\na,1,2\n",
      "file-columns",
      'column "Price" appears twice',
    ],
    [
      "a CSV without header of another width",
      "a.csv",
      "a,1\n",
      "file-columns",
      "2 cells, and 3 columns are declared",
      { header: false },
    ],
    [
      "a CSV whose quote never closes",
      "a.csv",
      `"promo_id,price\n${"x".repeat(100)}`,
      "file-unreadable",
      "is a quote not closed?",
    ],
    [
      "a first record without end",
      "a.csv",
      "x".repeat(2_000_000),
      "file-unreadable",
      "first record that does not end within",
    ],
    [
      "UTF-16 that lacks a column",
      "a.csv",
      Buffer.from("\ufeffpromo_id\n", "utf16le"),
      "file-columns",
      'missing: "price"',
    ],
    [
      "Latin-1",
      "a.csv",
      Buffer.from("promo_id,price,caf\xe9\n", "latin1"),
      "file-encoding",
      "is not utf-8 text; declare its encoding",
    ],
    ["a spreadsheet", "a.csv", Buffer.from("PK\x03\x04\x14\x00\x06\x00"), "file-unreadable", "is binary, not CSV"],
    ["a JSON document that says it is NDJSON", "a.ndjson", '\n[{"a":1}]', "file-unreadable", 'declare format: "json"'],
    ["a name that does not tell the format", "a.dat", good, "file-unreadable", "its name does not tell its format"],
  ])("%s", async (_, name, content, code, message, options) => {
    await using harness = await fileChannel(options);
    await drop(harness, `drops/${name}`, content, 50);
    await drop(harness, "drops/good.csv", good, 40);
    const expected = [["drops/good.csv"]];
    expect(paths(await harness.drain())).toEqual(expected);
    const { file, error } = harness.refused[0] as RefusedFile;
    expect(error).toMatchObject({ code, kind: "user", message: expect.stringContaining(message) as string });
    expect(error).toMatchObject({
      message: expect.stringContaining(`drops/${name}`) as string,
      hint: expect.stringMatching(/./) as string,
    });
    expect(file).toMatchObject({ path: `drops/${name}`, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    expect(await Array.fromAsync(harness.context.objects.list("raw"))).toHaveLength(expected.length);
    // Reported once while the process lives, and loaded when it was delivered again.
    const before = harness.refused.length;
    expect(await harness.drain()).toEqual([]);
    expect(harness.refused).toHaveLength(before);
  });

  it("without a word of its rows where the table has personal data", async () => {
    const Person = contract("people", { id: t.int64().key(), mail: t.string().pii() });
    await using harness = await fileChannel({ into: Person });
    await drop(harness, "drops/a.csv", "1,ann@example.com\n2,bob@example.com\n");
    await harness.drain();
    const said = JSON.stringify(harness.refused[0]?.error) + harness.lines.join("\n");
    expect(said).toContain("none of the 2 names");
    expect(said).not.toContain("example.com");
  });

  it("until it is delivered again", async () => {
    await using harness = await fileChannel();
    await drop(harness, "drops/a.csv", "x,y\n1,2\n", 50);
    expect(await harness.drain()).toEqual([]);
    await drop(harness, "drops/a.csv", good, 40);
    expect(paths(await harness.drain())).toEqual([["drops/a.csv"]]);
  });
});

describe("is loaded all the same", () => {
  it.each<[string, string, readonly string[], string?]>([
    ["a byte order mark", `\ufeff${good}`, ["promo_id", "price", "note"]],
    ["names in another case and with blanks", "Promo_ID, PRICE \na,1\n", ["promo_id", "price"]],
    [
      "semicolons, and commas inside a quoted name",
      '"promo_id";"price";"a, b, c, d"\nx;1;y\n',
      ["promo_id", "price", "a, b, c, d"],
      ";",
    ],
    [
      "a line end and doubled quotes inside a quoted name",
      'promo_id|price|"say ""hi""\nthere"\nx|1|y\n',
      ["promo_id", "price", 'say "hi"\nthere'],
      "|",
    ],
    ["a header alone, without line end", "promo_id,price", ["promo_id", "price"]],
    ["Windows line ends and a nameless last column", "promo_id,price,\r\na,1,\r\n", ["promo_id", "price", ""]],
    [
      "a header longer than one piece of the file",
      `promo_id,price,${"c".repeat(200_000)}\na,1,2\n`,
      ["promo_id", "price", "c".repeat(200_000)],
    ],
  ])("CSV with %s", async (_, content, columns, delimiter = ",") => {
    await using harness = await fileChannel();
    await drop(harness, "drops/a.csv", content);
    const [arrival] = await harness.drain();
    expect(harness.refused).toEqual([]);
    expect(arrival?.format).toMatchObject({ kind: "csv", columns, delimiter });
  });
});

describe("what the system refuses", () => {
  it("a folder and a file without permission: named, tried again, and the others are loaded", async () => {
    // Root may read everything.
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65_534);
    onTestFinished(() => void (root && process.seteuid?.(0)));
    await using harness = await fileChannel({ pattern: "drops/**/*.csv" });
    const file = await drop(harness, "drops/closed.csv", good, 30);
    await drop(harness, "drops/open.csv", `${header}b,1,\n`, 20);
    await drop(harness, "drops/locked/x.csv", good, 10);
    await chmod(file, 0o000);
    await chmod(`${harness.folder}/drops/locked`, 0o000);
    const seen: string[] = [];
    const reading = (async () => {
      for await (const arrival of (await harness.reader).read(new AbortController().signal)) {
        seen.push(...(arrival.files ?? []).map(({ path }) => path));
        harness.commit(arrival);
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "file-inaccessible", details: { cause: "EACCES" } });
    expect(seen).toEqual(["drops/open.csv"]);
    await chmod(`${harness.folder}/drops/locked`, 0o700);
    await chmod(file, 0o600);
    expect(
      paths(await harness.drain())
        .flat()
        .sort(),
    ).toEqual(["drops/closed.csv", "drops/locked/x.csv"]);
  });

  it("a path through a file instead of a folder is as good as no folder", async () => {
    await using harness = await fileChannel({ pattern: "drops/in/*.csv" });
    await drop(harness, "drops/in", "a file");
    expect(await harness.drain()).toEqual([]);
  });

  it("a link in a circle is named, and the others are loaded", async () => {
    await using harness = await fileChannel({ pattern: "drops/*.csv" });
    await drop(harness, "drops/a.csv", good);
    const { symlink } = await import("node:fs/promises");
    await symlink("loop.csv", `${harness.folder}/drops/loop.csv`);
    await expect(harness.drain()).rejects.toMatchObject({ code: "file-inaccessible", details: { cause: "ELOOP" } });
    expect([...harness.known.keys()]).toEqual(["drops/a.csv"]);
  });
});

describe("a file that changes while it is read", () => {
  /** Changes the file at each of the first pieces that the store takes from it. */
  async function meddled(
    times: number,
    change: (path: string) => void,
  ): Promise<{ outcome: unknown; loaded: string[] }> {
    await using harness = await fileChannel({ pattern: "drops/*.csv" });
    const big = header + "a,1,\n".repeat(500_000);
    const path = await drop(harness, "drops/big.csv", big);
    const { objects } = harness.context;
    let left = times;
    const original = objects.put.bind(objects);
    objects.put = (content, options) =>
      original(
        (async function* () {
          for await (const piece of content as AsyncIterable<Uint8Array>) {
            if (left > 0) change(path);
            left -= 1;
            yield piece;
          }
        })(),
        options,
      );
    const outcome = await harness.drain().catch((thrown: unknown) => thrown);
    const stored = await Array.fromAsync(objects.list("raw"));
    expect(stored).toHaveLength(isMillraceError(outcome) ? 0 : 1);
    expect(harness.refused).toEqual([]);
    if (!isMillraceError(outcome)) {
      const [arrival] = outcome as Arrival[];
      expect(await harness.contents(arrival as Arrival)).toEqual([await readFile(path, "utf8")]);
    }
    return { outcome, loaded: [...harness.known.keys()] };
  }

  it.each<[string, (path: string) => void]>([
    ["grows", (path) => appendFileSync(path, "b,2,\n")],
    ["shrinks", (path) => writeFileSync(path, `${header}short,1,\n`)],
    ["is rewritten with the same size", (path) => writeFileSync(path, header + "z,9,\n".repeat(500_000))],
  ])("%s: nothing of that copy stays, and it is read again", async (_, change) => {
    const { outcome, loaded } = await meddled(1, change);
    expect(outcome).toHaveLength(1);
    expect(loaded).toEqual(["drops/big.csv"]);
  });

  it("again and again: file-changed, to be tried later", async () => {
    const { outcome, loaded } = await meddled(100, (path) => appendFileSync(path, "b,2,\n"));
    expect(outcome).toMatchObject({ code: "file-changed", kind: "transient" });
    expect(loaded).toEqual([]);
  });
});
