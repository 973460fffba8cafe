// Files channels on real folders: what arrives, in which order, once; what a rewritten file does; what a crash leaves.
import { createHash } from "node:crypto";
import { appendFile, mkdir, rename, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type Arrival } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { env } from "../authoring/references.ts";
import { drop, fileChannel, header, paths } from "../testing/promotion-files.ts";
import { marker, quietPeriod } from "./files.ts";

describe("files arrive", () => {
  it("in order of time, then path, with their identities, as the bytes they are", async () => {
    await using harness = await fileChannel({ onRewrite: "append" });
    await drop(harness, "drops/b.csv", `${header}b,1,\n`, 50);
    await drop(harness, "drops/a.csv", `${header}a,1,\n`, 50);
    await drop(harness, "drops/z.csv", `${header}z,1,\n`, 90);
    const arrivals = await harness.drain();
    expect(paths(arrivals)).toEqual([["drops/z.csv", "drops/a.csv", "drops/b.csv"]]);
    expect(arrivals[0]).toMatchObject({
      stream: "default",
      before: null,
      after: { arrivals: 1 },
      format: {
        kind: "csv",
        delimiter: ",",
        quote: '"',
        header: true,
        columns: ["promo_id", "price", "note"],
        nullTokens: [],
      },
      replacesBatches: [],
    });
    expect(await harness.contents(arrivals[0] as Arrival)).toEqual(["z", "a", "b"].map((id) => `${header}${id},1,\n`));
    const [first] = arrivals[0]?.files ?? [];
    expect(first?.sha256).toBe(createHash("sha256").update(`${header}z,1,\n`).digest("hex"));
    expect(arrivals[0]?.objects[0]?.ref.key).toMatch(/^raw\/shop\/feed\/\d{4}\/\d\d\/\d\d\/[0-9a-f]{64}\.csv\.zst$/);
  });

  it("once: not again as they are, nor by a new process, nor with a new time and the same content", async () => {
    await using harness = await fileChannel();
    const path = await drop(harness, "drops/a.csv", `${header}a,1,\n`);
    expect(paths(await harness.drain())).toEqual([["drops/a.csv"]]);
    expect(await harness.drain()).toEqual([]);
    await harness.restart();
    expect(await harness.drain()).toEqual([]);
    await utimes(path, new Date(), new Date());
    expect(await harness.drain()).toEqual([]);
    expect(harness.refused).toEqual([]);
  });

  it("late: a file that comes afterwards with an older time", async () => {
    await using harness = await fileChannel();
    await drop(harness, "drops/b.csv", `${header}b,1,\n`, 50);
    await harness.drain();
    await drop(harness, "drops/a.csv", `${header}a,1,\n`, 5000);
    expect(paths(await harness.drain())).toEqual([["drops/a.csv"]]);
  });

  it("from nested folders by pattern, hidden ones and other names left alone", async () => {
    await using harness = await fileChannel({ pattern: "drops/**/*.csv" });
    for (const path of [
      "drops/a.csv",
      "drops/x/y/b.csv",
      "drops/.hidden/c.csv",
      "drops/.d.csv",
      "drops/e.txt",
      "other/f.csv",
    ])
      await drop(harness, path, `${header}${path},1,\n`);
    expect(
      paths(await harness.drain())
        .flat()
        .sort(),
    ).toEqual(["drops/a.csv", "drops/x/y/b.csv"]);
  });

  it("from an absolute pattern and from a folder of the environment, with paths from that folder", async () => {
    await using data = await fileChannel();
    await drop(data, "in/a.csv", `${header}a,1,\n`);
    await using absolute = await fileChannel({ pattern: join(data.folder, "in/*.csv") });
    expect(paths(await absolute.drain())).toEqual([["a.csv"]]);
    await using folder = await fileChannel(
      { pattern: "in/*.csv", folder: env("DROPS") },
      { env: { DROPS: data.folder } },
    );
    expect(paths(await folder.drain())).toEqual([["in/a.csv"]]);
  });

  it("of all formats and compressions, each decoded as what it is", async () => {
    await using harness = await fileChannel({ pattern: "drops/**" });
    const csv = Buffer.from(`${header}a,1,\n`);
    const ndjson = Buffer.from('{"promo_id":"a","price":1}\n');
    const parquet = Buffer.from("PAR1 not really PAR1");
    await drop(harness, "drops/a.csv.gz", gzipSync(csv), 90);
    await drop(harness, "drops/b.csv.zst", zstdCompressSync(csv), 80);
    await drop(harness, "drops/c.tsv", csv.toString().replaceAll(",", "\t"), 70);
    await drop(harness, "drops/d.jsonl", ndjson, 60);
    await drop(harness, "drops/e.ndjson.gz", Buffer.concat([gzipSync(ndjson), gzipSync(ndjson)]), 50);
    await drop(harness, "drops/f.json", `[${ndjson.toString()}]`, 40);
    await drop(harness, "drops/g.parquet", parquet, 30);
    const arrivals = await harness.drain();
    expect(harness.refused).toEqual([]);
    const seen = arrivals.map(({ files, format, objects }) => [
      files?.[0]?.path,
      format.kind,
      objects[0]?.encoding,
      objects[0]?.ref.codec,
    ]);
    expect(seen).toEqual([
      ["drops/a.csv.gz", "csv", "gzip", "none"],
      ["drops/b.csv.zst", "csv", "zstd", "none"],
      ["drops/c.tsv", "csv", "none", "zstd"],
      ["drops/d.jsonl", "ndjson", "none", "zstd"],
      ["drops/e.ndjson.gz", "ndjson", "gzip", "none"],
      ["drops/f.json", "json", "none", "zstd"],
      ["drops/g.parquet", "parquet", "none", "none"],
    ]);
    expect(arrivals[2]?.format).toMatchObject({ delimiter: "\t" });
  });
});

describe("many files", () => {
  it("share batches; equal contents and other layouts do not", async () => {
    await using harness = await fileChannel();
    for (let at = 0; at < 20; at += 1)
      await drop(harness, `drops/${String(at).padStart(3, "0")}.csv`, `${header}${at},1,\n`, 1000 - at);
    await drop(harness, "drops/twin-1.csv", `${header}t,1,\n`, 20);
    await drop(harness, "drops/twin-2.csv", `${header}t,1,\n`, 19);
    await drop(harness, "drops/wide.csv", "price,promo_id\n1,w\n", 18);
    const sizes = (await harness.drain()).map((arrival) => arrival.files?.length);
    expect(sizes).toEqual([21, 1, 1]);
    expect(harness.cursors.get("default")).toEqual({ arrivals: 3 });
  });

  it("stand alone where each replaces the table", async () => {
    await using harness = await fileChannel({ write: "replace" });
    await drop(harness, "drops/a.csv", `${header}a,1,\n`, 20);
    await drop(harness, "drops/b.csv", `${header}b,1,\n`, 10);
    expect(paths(await harness.drain())).toEqual([["drops/a.csv"], ["drops/b.csv"]]);
  });
});

describe("a rewritten file", () => {
  it("replaces the rows of its earlier version, alone in its batch, also when a refused version lies between", async () => {
    await using harness = await fileChannel();
    await drop(harness, "drops/a.csv", `${header}a,1,\n`, 50);
    await drop(harness, "drops/b.csv", `${header}b,1,\n`, 50);
    await harness.drain();
    await drop(harness, "drops/a.csv", "price\n1\n", 40);
    expect(await harness.drain()).toEqual([]);
    expect(harness.refused.map(({ error }) => (error as { code?: string }).code)).toEqual(["file-columns"]);
    await drop(harness, "drops/a.csv", `${header}a,2,\n`, 30);
    await drop(harness, "drops/c.csv", `${header}c,1,\n`, 20);
    const arrivals = await harness.drain();
    expect(paths(arrivals)).toEqual([["drops/a.csv"], ["drops/c.csv"]]);
    expect(arrivals.map((arrival) => arrival.replacesBatches)).toEqual([[1n], []]);
  });

  it("of the same size is told by its content", async () => {
    await using harness = await fileChannel();
    await drop(harness, "drops/a.csv", `${header}a,1,\n`, 50);
    await harness.drain();
    await drop(harness, "drops/a.csv", `${header}a,9,\n`, 40);
    expect((await harness.drain())[0]?.replacesBatches).toEqual([1n]);
  });

  it("is added with append, and refused with reject", async () => {
    await using append = await fileChannel({ onRewrite: "append" });
    await using reject = await fileChannel({ onRewrite: "reject" });
    for (const harness of [append, reject]) {
      await drop(harness, "drops/a.csv", `${header}a,1,\n`, 50);
      await harness.drain();
      await drop(harness, "drops/a.csv", `${header}a,2,\n`, 40);
    }
    expect((await append.drain())[0]?.replacesBatches).toEqual([]);
    expect(await reject.drain()).toEqual([]);
    expect(reject.refused[0]?.error).toMatchObject({ code: "file-rewritten" });
  });
});

describe("a file is complete", () => {
  it("when its marker is there and not older", async () => {
    await using harness = await fileChannel({ ready: marker("_SUCCESS"), pattern: "drops/**" });
    await drop(harness, "drops/a.csv", `${header}a,1,\n`, 50);
    expect(await harness.drain()).toEqual([]);
    await drop(harness, "drops/_SUCCESS", "", 40);
    await drop(harness, "drops/later.csv", `${header}l,1,\n`, 30);
    await drop(harness, "drops/other/b.csv", `${header}b,1,\n`, 50);
    expect(paths(await harness.drain())).toEqual([["drops/a.csv"]]);
    await drop(harness, "drops/_SUCCESS", "", 20);
    expect(paths(await harness.drain())).toEqual([["drops/later.csv"]]);
    expect(harness.refused).toEqual([]);
  });

  it("when a marker of its own is there", async () => {
    await using harness = await fileChannel({ ready: marker("{name}.done") });
    await drop(harness, "drops/a.csv", `${header}a,1,\n`);
    await drop(harness, "drops/b.csv", `${header}b,1,\n`);
    await drop(harness, "drops/b.csv.done", "", 10);
    expect(paths(await harness.drain())).toEqual([["drops/b.csv"]]);
    expect(harness.refused).toEqual([]);
  });

  it("when it stood still: a read waits for it, once", async () => {
    await using harness = await fileChannel({ ready: quietPeriod("300ms") });
    const path = await drop(harness, "drops/a.csv", header, 0);
    const began = performance.now();
    setTimeout(() => void appendFile(path, "a,1,\n"), 150);
    const [arrival] = await harness.drain();
    expect(await harness.contents(arrival as Arrival)).toEqual([`${header}a,1,\n`]);
    expect(performance.now() - began).toBeGreaterThan(400);
  });

  it("when this process saw it stand still, though its clock is ahead", async () => {
    await using harness = await fileChannel({ ready: quietPeriod("100ms") });
    await drop(harness, "drops/a.csv", `${header}a,1,\n`, -3600);
    expect(paths(await harness.drain())).toEqual([["drops/a.csv"]]);
  });

  it("and one that never stands still does not hold the others up", async () => {
    await using harness = await fileChannel({ ready: quietPeriod("200ms") });
    const path = await drop(harness, "drops/busy.csv", header, 0);
    await drop(harness, "drops/done.csv", `${header}a,1,\n`);
    const busy = setInterval(() => void appendFile(path, "x,1,\n").catch(() => undefined), 50);
    try {
      expect(paths(await harness.drain())).toEqual([["drops/done.csv"]]);
    } finally {
      clearInterval(busy);
    }
  });
});

describe("a crash", () => {
  it("before the commit brings the same arrival again, and stores its bytes once", async () => {
    await using harness = await fileChannel();
    await drop(harness, "drops/a.csv", `${header}a,1,\n`, 20);
    await drop(harness, "drops/b.csv", `${header}b,1,\n`, 10);
    const first = await harness.drain({ stopAfter: 1 });
    await harness.restart();
    expect(await harness.drain({ stopAfter: 1 })).toEqual(first);
    expect(await Array.fromAsync(harness.context.objects.list("raw"))).toHaveLength(2);
  });

  it("between two arrivals goes on with the second", async () => {
    await using harness = await fileChannel({ write: "replace" });
    await drop(harness, "drops/a.csv", `${header}a,1,\n`, 20);
    await drop(harness, "drops/b.csv", `${header}b,1,\n`, 10);
    const [first] = await harness.drain({ stopAfter: 1 });
    harness.commit(first as Arrival);
    await harness.restart();
    const rest = await harness.drain();
    expect(paths(rest)).toEqual([["drops/b.csv"]]);
    expect(rest[0]).toMatchObject({ before: { arrivals: 1 }, after: { arrivals: 2 } });
  });
});

describe("watching", () => {
  it("wakes for a file in a folder that did not exist, and again after the folder was renamed away and back", async () => {
    await using harness = await fileChannel({ pattern: "deep/drops/*.csv", rescan: "1h" });
    const reader = await harness.reader;
    let wakes = 0;
    const stop = reader.watch?.(() => (wakes += 1)) ?? ((): void => undefined);
    const until = async (more: number): Promise<void> => {
      const limit = performance.now() + 5000;
      while (wakes < more && performance.now() < limit) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(wakes).toBeGreaterThanOrEqual(more);
    };
    await drop(harness, "deep/drops/a.csv", `${header}a,1,\n`);
    await until(1);
    expect(paths(await harness.drain())).toEqual([["deep/drops/a.csv"]]);
    const before = wakes;
    await rename(join(harness.folder, "deep/drops"), join(harness.folder, "away"));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await mkdir(join(harness.folder, "deep/drops"), { recursive: true });
    await drop(harness, "deep/drops/b.csv", `${header}b,1,\n`);
    await until(before + 1);
    await rm(join(harness.folder, "away"), { recursive: true });
    stop();
  });

  it("wakes by rescan when no report comes", async () => {
    await using harness = await fileChannel({ pattern: "/nowhere-that-exists/*.csv", rescan: "50ms" });
    const reader = await harness.reader;
    let wakes = 0;
    const stop = reader.watch?.(() => (wakes += 1));
    await new Promise((resolve) => setTimeout(resolve, 300));
    stop?.();
    expect(wakes).toBeGreaterThan(1);
  });
});
