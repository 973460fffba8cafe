// Collects the pages of one arrival, bounded, and makes them durable: one raw object per page as it came, or one of lines for all of them.
import { createHash } from "node:crypto";
import type { Arrival, ObjectStore } from "@millrace/core";

export interface PageBounds {
  readonly bytesMax: number;
  readonly pagesMax: number;
  readonly ageMsMax: number;
}

/** What closes an arrival: whichever comes first. */
export const pageBounds: PageBounds = { bytesMax: 16 * 1024 * 1024, pagesMax: 500, ageMsMax: 5_000 };

const putsAtOnce = 8;

export class ArrivalPages {
  readonly #store: ObjectStore;
  readonly #prefix: string;
  readonly #form: "json" | "ndjson";
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #stored: Arrival["objects"][number][] = [];

  constructor(store: ObjectStore, prefix: string, form: "json" | "ndjson") {
    this.#store = store;
    this.#prefix = prefix;
    this.#form = form;
  }

  get count(): number {
    return this.#waiting.length + this.#stored.length;
  }

  /** True when the pages in memory should leave it. */
  isFull(bounds: PageBounds): boolean {
    return this.#bytes >= bounds.bytesMax || this.#waiting.length >= bounds.pagesMax;
  }

  add(page: Uint8Array): void {
    this.#waiting.push(page);
    this.#bytes += page.byteLength;
  }

  /** Forgets the pages: they bring nothing new. */
  drop(): void {
    this.#waiting = [];
    this.#bytes = 0;
    this.#stored = [];
  }

  /** Makes the pages in memory durable; they stay part of the arrival. */
  async store(signal: AbortSignal): Promise<void> {
    const contents = this.#form === "json" ? this.#waiting : joinedLines(this.#waiting);
    for (let at = 0; at < contents.length; at += putsAtOnce) {
      const puts = contents
        .slice(at, at + putsAtOnce)
        .map((page) => this.#store.put(page, { prefix: this.#prefix, extension: this.#form, codec: "zstd", signal }));
      // All of them end before one that failed is reported: none may run on behind the caller's back.
      const settled = await Promise.allSettled(puts);
      for (const put of settled) {
        if (put.status === "rejected") throw put.reason;
        this.#stored.push({ ref: put.value, encoding: "none" });
      }
    }
    this.#waiting = [];
    this.#bytes = 0;
  }

  /** The durable objects, in order; the next arrival begins. */
  take(): Arrival["objects"] {
    const objects = this.#stored;
    this.#stored = [];
    return objects;
  }
}

/** All lines as one content; none for none. */
function joinedLines(pages: readonly Uint8Array[]): readonly Uint8Array[] {
  const ended = pages.flatMap((page) => (page.at(-1) === 0x0a || page.byteLength === 0 ? [page] : [page, newline]));
  return ended.length === 0 ? [] : [Buffer.concat(ended)];
}

const newline = new Uint8Array([0x0a]);

/** Fingerprint of the pages so far: the one before, and this page. */
export function chainPrint(before: string, page: Uint8Array): string {
  return createHash("sha256").update(before).update(page).digest("hex");
}
