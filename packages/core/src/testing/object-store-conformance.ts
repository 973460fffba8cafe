// What every adapter of the port ObjectStore must show. Runs under vitest: an adapter's test calls it with a way to open a store.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ObjectRef, ObjectStore, PutOptions } from "../ports/object-store.ts";
import { SeededRandom } from "./seeded-random.ts";

export interface ObjectStoreUnderTest {
  readonly store: ObjectStore;
  reopen(): Promise<ObjectStore>;
  /** Replaces the stored bytes of an object behind the store's back. */
  tamper(key: string, change: (stored: Uint8Array) => Uint8Array): Promise<void>;
  dispose(): Promise<void>;
}

/** @param open opens an empty store */
export function objectStoreConformance(name: string, open: () => Promise<ObjectStoreUnderTest>): void {
  describe(`ObjectStore: ${name}`, () => {
    let subject: ObjectStoreUnderTest;
    let store: ObjectStore;
    beforeEach(async () => {
      subject = await open();
      store = subject.store;
    });
    afterEach(() => subject.dispose());

    describe("putting and getting", () => {
      it.each(["zstd", "none"] as const)("gives back what was put, and says what it stored (%s)", async (codec) => {
        const content = text("a,b\n1,2\n".repeat(500));
        const ref = await store.put(content, { ...csv, codec });
        expect(ref).toMatchObject({ codec, sha256: sha256(content), bytes: content.byteLength, formatVersion: 1 });
        expect(ref.key).toBe(`raw/shop/weekly/${sha256(content)}.csv${codec === "zstd" ? ".zst" : ""}`);
        if (codec === "zstd") expect(ref.storedBytes).toBeLessThan(ref.bytes / 10);
        else expect(ref.storedBytes).toBe(ref.bytes);
        expect(await collect(store.get(ref))).toEqual(content);
      });

      it("takes a stream in pieces of any size, larger than its own buffers", async () => {
        const content = noise(5_300_000);
        for (const codec of ["zstd", "none"] as const) {
          const ref = await store.put(pieces(content, 70_001), { ...csv, codec });
          expect(ref.sha256).toBe(sha256(content));
          expect(sha256(await collect(store.get(ref)))).toBe(ref.sha256);
        }
      });

      it("lends a file for a passing form, which is gone when it is given back", async () => {
        const lent = await store.scratch("csv");
        expect(lent.path).toMatch(/\.csv$/);
        expect(await readFile(lent.path)).toHaveLength(0);
        await lent[Symbol.asyncDispose]();
        await expect(readFile(lent.path)).rejects.toMatchObject({ code: "ENOENT" });
        expect(await Array.fromAsync(store.list(""))).toEqual([]);
      });

      it("keeps an object without bytes", async () => {
        for (const codec of ["zstd", "none"] as const) {
          const ref = await store.put(new Uint8Array(), { ...csv, codec });
          expect(ref.bytes).toBe(0);
          expect(await collect(store.get(ref))).toEqual(new Uint8Array());
        }
      });

      it("gives back any bytes, however they were cut", async () => {
        const property = fc.asyncProperty(
          fc.array(fc.uint8Array({ maxLength: 300 })),
          fc.boolean(),
          async (chunks, packed) => {
            const ref = await store.put(each(chunks), { ...csv, codec: packed ? "zstd" : "none" });
            expect(await collect(store.get(ref))).toEqual(new Uint8Array(Buffer.concat(chunks)));
          },
        );
        await fc.assert(property, { numRuns: 40 });
      });

      it("stores the same content under the same prefix once", async () => {
        const refs = await Promise.all(Array.from({ length: 8 }, () => store.put(pieces(noise(9000), 1000), csv)));
        const later = await store.put(noise(9000), csv);
        expect(new Set([...refs, later].map((ref) => JSON.stringify(ref))).size).toBe(1);
        const other = await store.put(noise(9000), { ...csv, prefix: "raw/shop/daily" });
        expect((await keys(store, "")).sort()).toEqual([other.key, later.key].sort());
      });

      it("keeps objects when it is opened again", async () => {
        const ref = await store.put(text("kept\n"), csv);
        store = await subject.reopen();
        expect(await collect(store.get(ref))).toEqual(text("kept\n"));
      });

      it("offers the stored bytes as a local file", async () => {
        const ref = await store.put(text("x\n"), csv);
        await using local = await store.local(ref);
        expect(local.path.endsWith(".csv.zst")).toBe(true);
        expect(new Uint8Array(zstdDecompressSync(await readFile(local.path)))).toEqual(text("x\n"));
      });
    });

    describe("failing", () => {
      it("leaves nothing when the content breaks off, and passes its error on", async () => {
        const broken = async function* (): AsyncGenerator<Uint8Array> {
          yield noise(3_000_000);
          throw new RangeError("the source broke");
        };
        await expect(store.put(broken(), csv)).rejects.toThrow("the source broke");
        expect(await keys(store, "")).toEqual([]);
      });

      it("leaves nothing when it is cancelled, and closes the source", async () => {
        const controller = new AbortController();
        let closed = false;
        const endless = async function* (): AsyncGenerator<Uint8Array> {
          try {
            for (let at = 0; ; at += 1) {
              if (at === 40) controller.abort(new RangeError("no longer wanted"));
              yield noise(100_000);
            }
          } finally {
            closed = true;
          }
        };
        const put = store.put(endless(), { ...csv, signal: controller.signal });
        await expect(put).rejects.toThrow("no longer wanted");
        expect(closed).toBe(true);
        expect(await keys(store, "")).toEqual([]);
      });

      it("says object-missing for what is not there", async () => {
        const ref = await store.put(text("x\n"), csv);
        expect(await store.exists(ref)).toBe(true);
        await store.delete(ref.key);
        expect(await store.exists(ref)).toBe(false);
        await expect(collect(store.get(ref))).rejects.toMatchObject({ code: "object-missing" });
        await expect(store.local(ref)).rejects.toMatchObject({ code: "object-missing" });
        await store.delete(ref.key);
      });

      it.each(["zstd", "none"] as const)(
        "says object-damaged for every change of the stored bytes (%s)",
        async (codec) => {
          const ref = await store.put(noise(4000), { ...csv, codec });
          const changes: ((stored: Uint8Array) => Uint8Array)[] = [
            (stored) => stored.subarray(0, stored.length - 1),
            (stored) =>
              stored.with(Math.floor(stored.length / 2), ((stored[Math.floor(stored.length / 2)] ?? 0) + 1) % 256),
            (stored) => new Uint8Array(Buffer.concat([stored, stored])),
            () => new Uint8Array(),
          ];
          for (const change of changes) {
            let original = new Uint8Array();
            await subject.tamper(ref.key, (stored) => {
              original = new Uint8Array(stored);
              return change(original);
            });
            await expect(collect(store.get(ref))).rejects.toMatchObject({ code: "object-damaged" });
            await subject.tamper(ref.key, () => original);
          }
          expect((await collect(store.get(ref))).byteLength).toBe(4000);
        },
      );

      it("refuses names that would leave the store", async () => {
        for (const prefix of ["../out", "raw/../../out", "/raw", "raw//x", "raw/.hidden", "raw\\x"]) {
          await expect(store.put(text("x"), { ...csv, prefix })).rejects.toMatchObject({ code: "internal" });
        }
        await expect(store.put(text("x"), { ...csv, extension: "a/b" })).rejects.toMatchObject({ code: "internal" });
      });
    });

    describe("listing", () => {
      it("lists by prefix, in one order, with sizes and times", async () => {
        const refs: ObjectRef[] = [];
        for (const folder of ["raw/b/2", "raw/b/1", "raw/a", "raw/ab"]) {
          refs.push(await store.put(text(folder), { ...csv, prefix: folder }));
        }
        const all = await Array.fromAsync(store.list(""));
        expect(all.map((object) => object.key)).toEqual(refs.map((ref) => ref.key).sort());
        const sizes = new Map(refs.map((ref) => [ref.key, ref.storedBytes]));
        expect(all.every((object) => object.storedBytes === sizes.get(object.key) && object.modifiedMs > 0)).toBe(true);
        expect(await keys(store, "raw/a/")).toEqual([refs[2]?.key]);
        expect(await keys(store, "raw/a")).toHaveLength(2);
        expect(await keys(store, "raw/b/")).toHaveLength(2);
        expect(await keys(store, refs[0]?.key ?? "")).toEqual([refs[0]?.key]);
        expect(await keys(store, "nothing/here")).toEqual([]);
      });
    });
  });
}

const csv: PutOptions = { prefix: "raw/shop/weekly", extension: "csv", codec: "zstd" };

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await Array.fromAsync(chunks)));
}

async function keys(store: ObjectStore, prefix: string): Promise<string[]> {
  return (await Array.fromAsync(store.list(prefix))).map((object) => object.key);
}

async function* pieces(content: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.byteLength; at += size) yield content.subarray(at, at + size);
}

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** The same bytes each time, hard to compress. */
function noise(length: number): Uint8Array {
  return new SeededRandom(7).bytes(length);
}
