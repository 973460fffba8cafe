// Deliveries with a manifest: complete or waiting, right or refused with both values.
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ChannelHarness } from "../testing/channel-harness.ts";
import { drop, fileChannel, header, paths } from "../testing/promotion-files.ts";
import { archive, manifest } from "./files.ts";
import { parseManifest } from "./manifest-file.ts";

const a = `${header}a,1,\n`;
const b = `${header}b,1,\nc,2,\n`;
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

async function delivery(text: string, options: object = {}): Promise<ChannelHarness> {
  const harness = await fileChannel({ ready: manifest("MANIFEST"), pattern: "drops/**", ...options });
  await drop(harness, "drops/a.csv", a, 90);
  await drop(harness, "drops/b.csv", b, 80);
  await drop(harness, "drops/unnamed.csv", `${header}u,1,\n`, 70);
  await drop(harness, "drops/MANIFEST", text, 50);
  return harness;
}

describe("a manifest", () => {
  it.each([
    ["sha256sum lines", `${sha256(a)}  a.csv\n${sha256(b)} *./b.csv\n`],
    ["md5sum lines in BSD style", `MD5 (a.csv) = ${md5(a)}\r\nMD5 (b.csv) = ${md5(b).toUpperCase()}\r\n`],
    [
      "JSON with counts",
      JSON.stringify({
        files: [
          { name: "a.csv", rows: 1 },
          { file: "b.csv", records: "2" },
        ],
      }),
    ],
    ["a JSON list of names", JSON.stringify(["a.csv", "b.csv"])],
    ["CSV", `file;sha256;bytes\na.csv;${sha256(a)};${a.length}\nb.csv;;${b.length}\n`],
  ])("as %s brings what it names, and nothing else", async (_, text) => {
    await using harness = await delivery(text);
    expect(paths(await harness.drain())).toEqual([["drops/a.csv", "drops/b.csv"]]);
    expect(harness.refused).toEqual([]);
    expect(await harness.drain()).toEqual([]);
  });

  it("passes its counts on to the loader", async () => {
    await using harness = await delivery(JSON.stringify([{ name: "a.csv", count: 7 }, { name: "b.csv" }]));
    const rows = (await harness.drain()).map(({ files }) => files?.map((file) => file.rows));
    expect(rows).toEqual([[7], [undefined]]);
  });

  it("that names a file which is not there waits for all, and goes on when it comes", async () => {
    await using harness = await delivery(JSON.stringify(["a.csv", "b.csv", "late.csv"]));
    expect(await harness.drain()).toEqual([]);
    expect(harness.refused).toEqual([]);
    expect(harness.lines.join("\n")).toContain('"missing":1,"files":["drops/late.csv"]');
    await drop(harness, "drops/late.csv", `${header}l,1,\n`, 60);
    expect(paths(await harness.drain())).toEqual([["drops/a.csv", "drops/b.csv", "drops/late.csv"]]);
  });

  it("whose first files were loaded and archived before a crash is still complete", async () => {
    await using harness = await delivery(JSON.stringify(["a.csv", "b.csv"]), {
      write: "replace",
      after: archive("done"),
    });
    const [first] = await harness.drain({ stopAfter: 1 });
    harness.commit(first as never);
    await harness.restart();
    await rm(join(harness.folder, "drops/a.csv"));
    expect(paths(await harness.drain())).toEqual([["drops/b.csv"]]);
  });

  it.each([
    ["sha256", `${sha256("x")}  a.csv\n`, sha256("x"), sha256(a)],
    ["md5", `${md5("x")}  a.csv\n`, md5("x"), md5(a)],
    ["bytes", JSON.stringify([{ name: "a.csv", size: 3 }]), 3, a.length],
  ])(
    "with a wrong %s refuses the file with both values; a corrected one brings it",
    async (what, text, wrong, right) => {
      await using harness = await delivery(text);
      expect(await harness.drain()).toEqual([]);
      expect(harness.refused.map(({ error }) => error)).toMatchObject([
        {
          code: "file-manifest",
          details: { path: "drops/a.csv", manifest: "drops/MANIFEST", what, expected: wrong, received: right },
        },
      ]);
      expect(await Array.fromAsync(harness.context.objects.list("raw"))).toEqual([]);
      await harness.drain();
      expect(harness.refused).toHaveLength(1);
      await drop(harness, "drops/MANIFEST", `${sha256(a)}  a.csv\n`, 20);
      expect(paths(await harness.drain())).toEqual([["drops/a.csv"]]);
    },
  );

  it("that cannot be read is refused once, and the files wait for a better one", async () => {
    await using harness = await delivery('{"files": [');
    expect(await harness.drain()).toEqual([]);
    await harness.drain();
    expect(harness.refused).toMatchObject([{ file: { path: "drops/MANIFEST" }, error: { code: "file-manifest" } }]);
    await drop(harness, "drops/MANIFEST", '["a.csv"]', 20);
    expect(paths(await harness.drain())).toEqual([["drops/a.csv"]]);
  });

  it("of its own for each file needs only the checksum", async () => {
    await using harness = await fileChannel({ ready: manifest("{name}.md5") });
    await drop(harness, "drops/a.csv", a, 90);
    await drop(harness, "drops/b.csv", b, 80);
    await drop(harness, "drops/b.csv.md5", md5(b), 50);
    expect(paths(await harness.drain())).toEqual([["drops/b.csv"]]);
  });

  it("that is older than a file waits to be written again", async () => {
    await using harness = await delivery('["a.csv"]');
    await drop(harness, "drops/a.csv", a, 10);
    expect(await harness.drain()).toEqual([]);
    await drop(harness, "drops/MANIFEST", '["a.csv"]', 5);
    expect(paths(await harness.drain())).toEqual([["drops/a.csv"]]);
  });
});

describe("a manifest is refused", () => {
  it.each([
    ["", "it is empty"],
    ["nothing of use", "line 1 is no checksum line"],
    [`${md5("x")}  ../../etc/passwd`, "is not below the manifest's folder"],
    ['["a", "a"]', 'names "a" twice'],
    ['{"name": "a"}', 'without a list "files"'],
    ['[{"rows": 1}]', "names no file"],
    ['[{"name": "a", "rows": "many"}]', "number of records is not a whole number"],
    ['[{"name": "a", "sha256": "12"}]', "a checksum is the hex"],
    ["[1]", "entry 1 is neither"],
  ])("as %j", async (text, message) => {
    await expect(parseManifest(text)).rejects.toThrow(message);
  });
});
