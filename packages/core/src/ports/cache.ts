// Answers kept by content of their key. A key contains the versions of all tables that the answer depends on, so entries never go stale: they only age out.

export interface CacheEntry {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** Bounded by bytes; the least recently used entries go first. */
export interface Cache {
  get(key: string): Promise<CacheEntry | undefined> | CacheEntry | undefined;
  set(key: string, entry: CacheEntry): Promise<void> | void;
  readonly stats: { readonly hits: number; readonly misses: number; readonly bytes: number };
}
