// Answers kept in memory, bounded by bytes; the least recently used go first.
import { LRUCache } from "lru-cache";
import type { Cache, CacheEntry } from "@millrace/core";

/** Counted for each entry beside its content: what the maps and objects around it take, roughly. */
const entryOverheadBytes = 256;

/**
 * An entry that is larger than a quarter of the bound is not kept: it would push out everything else.
 *
 * @example const cache = createLruCache({ bytesMax: 64 * 1024 * 1024 });
 */
export function createLruCache({ bytesMax }: { readonly bytesMax: number }): Cache {
  const entries = new LRUCache<string, CacheEntry>({
    maxSize: bytesMax,
    maxEntrySize: Math.ceil(bytesMax / 4),
    sizeCalculation: sizeOf,
  });
  let hits = 0;
  let misses = 0;
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) misses += 1;
      else hits += 1;
      return entry;
    },
    set(key, entry) {
      entries.set(key, entry);
    },
    get stats() {
      return { hits, misses, bytes: entries.calculatedSize };
    },
  };
}

/** Texts count two bytes a character. */
function sizeOf(entry: CacheEntry, key: string): number {
  let characters = key.length;
  for (const [name, value] of Object.entries(entry.headers)) characters += name.length + value.length;
  return entry.body.byteLength + 2 * characters + entryOverheadBytes;
}
