// What a stream has received and the ledger does not have yet, in two spools that take turns: one fills while the arrival of the other is committed.
// After a crash the pages in them are not asked for again.
import { createHash } from "node:crypto";
import type { Arrival, Cursor, ObjectStore, Spool } from "@millrace/core";
import type { StreamProgress } from "./stream-cursor.ts";

/** Where a stream stands behind a part of a spool. */
export interface Mark {
  /** From where it goes on. */
  readonly progress: StreamProgress;
  /** Fingerprint of all pages of the pass. */
  readonly print: string;
  /** Pages of the pass, and those of them that are in the spool. */
  readonly pages: number;
  readonly kept: number;
  /** The pass is over: only its arrival is missing. */
  readonly ended: boolean;
}

/** Pages of an arrival that was not closed. */
export interface Unfinished extends Mark {
  readonly receivedAtMicros: bigint;
}

export interface Recovered {
  /** Closed and not committed, in their order. */
  readonly arrivals: readonly Arrival[];
  readonly unfinished?: Unfinished;
}

interface Beginning {
  readonly settings: string;
  readonly before: Cursor;
  readonly receivedAtMicros: string;
}

/** Larger marks are left out: what follows the last one that was written is asked for again. */
const markCharsMax = 65_536;

export interface SpoolNames {
  /** Unique to the stream. */
  readonly name: string;
  /** Of the stream: pages that were read under other ones are dropped. */
  readonly settings: unknown;
}

export class ArrivalSpools implements AsyncDisposable {
  readonly #spools: readonly [Spool, Spool];
  readonly #settings: string;
  #at: 0 | 1 = 0;
  #isBegun = false;

  private constructor(spools: readonly [Spool, Spool], settings: string) {
    this.#spools = spools;
    this.#settings = settings;
  }

  static async open(store: ObjectStore, { name, settings }: SpoolNames): Promise<ArrivalSpools> {
    const spools = [await store.spool(`${name}/0`), await store.spool(`${name}/1`)] as const;
    const text = createHash("sha256")
      .update(JSON.stringify(settings) ?? "")
      .digest("hex");
    return new ArrivalSpools(spools, text);
  }

  get bytes(): number {
    return this.#spools[this.#at].bytes;
  }

  /** Takes up what follows the committed cursor, and drops the rest. */
  async recover(store: Pick<ObjectStore, "exists">, committed: Cursor): Promise<Recovered> {
    const arrivals: Arrival[] = [];
    let unfinished: Unfinished | undefined;
    let from = committed;
    const left = new Set<0 | 1>([0, 1]);
    for (let at = this.#following(left, from); at !== undefined; at = this.#following(left, from)) {
      left.delete(at);
      const closed = closedArrival(this.#spools[at]);
      if (closed === undefined) {
        unfinished = await this.#takeUp(at);
        break;
      }
      // Without its objects, which a power cut took, everything behind it is asked for again.
      if (!(await allThere(store, closed))) {
        left.add(at);
        break;
      }
      arrivals.push(closed);
      from = closed.after;
      this.#at = at === 0 ? 1 : 0;
    }
    for (const at of left) await this.#spools[at].truncate(0);
    return { arrivals, ...(unfinished === undefined ? {} : { unfinished }) };
  }

  #following(left: ReadonlySet<0 | 1>, from: Cursor): 0 | 1 | undefined {
    return [...left].find((at) => {
      const beginning = beginningOf(this.#spools[at]);
      return beginning?.settings === this.#settings && JSON.stringify(beginning.before) === JSON.stringify(from);
    });
  }

  async #takeUp(at: 0 | 1): Promise<Unfinished | undefined> {
    this.#at = at;
    const spool = this.#spools[at];
    const last = spool.notes.findLastIndex((note, part) => part > 0 && note !== "");
    await spool.truncate(last + 1);
    if (last < 0) return undefined;
    this.#isBegun = true;
    const mark = JSON.parse(spool.notes[last] ?? "") as Mark;
    return { ...mark, receivedAtMicros: BigInt(beginningOf(spool)?.receivedAtMicros ?? 0) };
  }

  /** @param mark absent where it is not known yet where the stream goes on */
  async append(
    content: readonly Uint8Array[],
    mark: Mark | undefined,
    beginning: { readonly before: Cursor; readonly receivedAtMicros: bigint },
  ): Promise<void> {
    const spool = this.#spools[this.#at];
    if (!this.#isBegun) {
      // The arrival that was in it is committed: two more were asked for since.
      await spool.truncate(0);
      const { before, receivedAtMicros } = beginning;
      const begun: Beginning = { settings: this.#settings, before, receivedAtMicros: String(receivedAtMicros) };
      await spool.append([], JSON.stringify(begun));
      this.#isBegun = true;
    }
    const note = mark === undefined ? "" : JSON.stringify(mark);
    await spool.append(content, note.length > markCharsMax ? "" : note);
  }

  content(): AsyncIterable<Uint8Array> {
    return this.#spools[this.#at].content();
  }

  /** The arrival is complete and its objects are durable; the next one fills the other spool. */
  async close(arrival: Arrival): Promise<void> {
    const { receivedAtMicros, ...plain } = arrival;
    const closed = { closed: { ...plain, receivedAtMicros: String(receivedAtMicros ?? 0n) } };
    await this.#spools[this.#at].append([], JSON.stringify(closed));
    this.#at = this.#at === 0 ? 1 : 0;
    this.#isBegun = false;
  }

  /** Forgets the pages that are not in an arrival yet. */
  async drop(): Promise<void> {
    this.#isBegun = false;
    await this.#spools[this.#at].truncate(0);
  }

  /** Everything is committed. */
  async clear(): Promise<void> {
    this.#isBegun = false;
    for (const spool of this.#spools) await spool.truncate(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const spool of this.#spools) await spool[Symbol.asyncDispose]();
  }
}

function beginningOf({ notes: [first] }: Spool): Beginning | undefined {
  return first === undefined ? undefined : (JSON.parse(first) as Beginning);
}

function closedArrival({ notes }: Spool): Arrival | undefined {
  const last = notes.at(-1) ?? "";
  if (!last.startsWith('{"closed":')) return undefined;
  const { closed } = JSON.parse(last) as { closed: Omit<Arrival, "receivedAtMicros"> & { receivedAtMicros: string } };
  return { ...closed, receivedAtMicros: BigInt(closed.receivedAtMicros) };
}

async function allThere(store: Pick<ObjectStore, "exists">, { objects }: Arrival): Promise<boolean> {
  for (const { ref } of objects) if (!(await store.exists(ref))) return false;
  return true;
}
