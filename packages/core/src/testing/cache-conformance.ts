// What every adapter of the port Cache must show. Runs under vitest: an adapter's test calls it with a way to open a cache.
import { describe, expect, it } from "vitest";
import type { Cache, CacheEntry } from "../ports/cache.ts";

/** @param open opens an empty cache bounded by bytes */
export function cacheConformance(name: string, open: (bounds: { readonly bytesMax: number }) => Promise<Cache>): void {
  describe(`Cache: ${name}`, () => {
    it("gives back what was set, and nothing else", async () => {
      const cache = await open({ bytesMax: 100_000 });
      await cache.set("k", entry(10));
      expect(await cache.get("k")).toEqual(entry(10));
      expect(await cache.get("other")).toBeUndefined();
    });

    it("replaces an entry", async () => {
      const cache = await open({ bytesMax: 100_000 });
      await cache.set("k", entry(10));
      const { bytes } = cache.stats;
      await cache.set("k", entry(20));
      expect((await cache.get("k"))?.body.byteLength).toBe(20);
      expect(cache.stats.bytes).toBe(bytes + 10);
    });

    it("counts hits and misses", async () => {
      const cache = await open({ bytesMax: 100_000 });
      await cache.set("k", entry(1));
      for (const key of ["k", "k", "no"]) await cache.get(key);
      expect(cache.stats).toMatchObject({ hits: 2, misses: 1 });
    });

    it("stays within its bytes and drops the least recently used first", async () => {
      const cache = await open({ bytesMax: 100_000 });
      for (let at = 0; at < 500; at += 1) {
        await cache.set(`k${at}`, entry(5000));
        await cache.get("k0");
        expect(cache.stats.bytes).toBeLessThanOrEqual(100_000);
      }
      expect(await cache.get("k0")).toBeDefined();
      expect(await cache.get("k499")).toBeDefined();
      expect(await cache.get("k1")).toBeUndefined();
    });

    it("counts keys and headers, not bodies alone", async () => {
      const cache = await open({ bytesMax: 100_000 });
      for (let at = 0; at < 1000; at += 1) await cache.set(`${at}`.padStart(1000, "k"), entry(0));
      expect(cache.stats.bytes).toBeLessThanOrEqual(100_000);
      expect(await cache.get("0".padStart(1000, "k"))).toBeUndefined();
    });

    it("does not give up everything for one huge entry", async () => {
      const cache = await open({ bytesMax: 100_000 });
      await cache.set("small", entry(10));
      await cache.set("huge", entry(200_000));
      expect(await cache.get("huge")).toBeUndefined();
      expect(await cache.get("small")).toBeDefined();
    });
  });
}

function entry(length: number): CacheEntry {
  return { body: new Uint8Array(length).fill(7), headers: { etag: '"v1"' } };
}
