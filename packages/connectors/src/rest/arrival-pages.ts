// Collects the pages of one arrival, bounded, and makes them durable: one raw object with the lines of all of them. Until then they are in a spool.
import { createHash } from "node:crypto";
import type { Arrival, ObjectStore } from "@millrace/core";
import type { ArrivalSpools, Mark } from "./arrival-spools.ts";

export interface PageBounds {
  readonly bytesMax: number;
  readonly pagesMax: number;
  readonly ageMsMax: number;
}

/** What closes an arrival: whichever comes first. */
export const pageBounds: PageBounds = { bytesMax: 64 * 1024 * 1024, pagesMax: 1000, ageMsMax: 5_000 };

type Beginning = Parameters<ArrivalSpools["append"]>[2];

export class ArrivalPages {
  readonly #store: ObjectStore;
  readonly #prefix: string;
  readonly #spools: ArrivalSpools;
  #waiting: number;
  #stored: Arrival["objects"][number][] = [];

  /** @param waiting pages that are in the spool already */
  constructor(store: ObjectStore, prefix: string, spools: ArrivalSpools, waiting: number) {
    this.#store = store;
    this.#prefix = prefix;
    this.#spools = spools;
    this.#waiting = waiting;
  }

  get count(): number {
    return this.#waiting + this.#stored.length;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** True when the pages in the spool should become an object. */
  isFull(bounds: PageBounds): boolean {
    return this.#spools.bytes >= bounds.bytesMax || this.#waiting >= bounds.pagesMax;
  }

  /** Resolves once the page outlives the process. @param mark given the number of pages that wait, this one included */
  async add(page: Uint8Array, mark: (waiting: number) => Mark | undefined, beginning: Beginning): Promise<void> {
    this.#waiting += 1;
    const isEnded = page.byteLength === 0 || page.at(-1) === newline[0];
    await this.#spools.append(isEnded ? [page] : [page, newline], mark(this.#waiting), beginning);
  }

  /** Forgets the pages: they bring nothing new. */
  async drop(): Promise<void> {
    this.#waiting = 0;
    this.#stored = [];
    await this.#spools.drop();
  }

  /** Makes the pages in the spool durable as an object; they stay part of the arrival. */
  async store(signal: AbortSignal): Promise<void> {
    if (this.#waiting === 0) return;
    const options = { prefix: this.#prefix, extension: "ndjson", codec: "zstd", signal } as const;
    const ref = await this.#store.put(this.#spools.content(), options);
    this.#stored.push({ ref, encoding: "none" });
    this.#waiting = 0;
  }

  /** The durable objects, in order; the next arrival begins. */
  take(): Arrival["objects"] {
    const objects = this.#stored;
    this.#stored = [];
    return objects;
  }
}

const newline = new Uint8Array([0x0a]);

/** Fingerprint of the pages so far: the one before, and this page. */
export function chainPrint(before: string, page: Uint8Array): string {
  return createHash("sha256").update(before).update(page).digest("hex");
}
