// The parcels that a delivery has at hand: which may be sent now, so that versions of one key go in their order while others pass.
import type { DueParcel } from "./outbox.ts";

export interface HeldParcel extends DueParcel {
  /** Not before this moment. */
  readyMs: number;
  isSending: boolean;
  attempts: number;
  /** Tries of this process that failed, for the wait before the next. */
  tries: number;
  failedMs: number | undefined;
}

export class ParcelWindow {
  readonly #strict: boolean;
  readonly #held = new Map<bigint, HeldParcel>();
  /** Parcels that hold a version of the key, in order. */
  readonly #byKey = new Map<string, HeldParcel[]>();

  /** @param strict only the first parcel may be sent */
  constructor(strict: boolean) {
    this.#strict = strict;
  }

  get size(): number {
    return this.#held.size;
  }

  get parcels(): readonly bigint[] {
    return [...this.#held.keys()];
  }

  has(parcel: bigint): boolean {
    return this.#held.has(parcel);
  }

  /** True when at least so many parcels may be sent now. */
  hasReady(nowMs: number, count: number): boolean {
    let ready = 0;
    for (const held of this.#held.values()) {
      if (!held.isSending && held.readyMs <= nowMs && this.#isFirst(held)) ready += 1;
      if (ready >= count) return true;
    }
    return false;
  }

  add(due: DueParcel): void {
    const held: HeldParcel = { ...due, readyMs: 0, isSending: false, tries: 0 };
    this.#held.set(due.parcel, held);
    for (const key of keysOf(held)) {
      const line = this.#byKey.get(key) ?? [];
      // A replayed version stands before those that came after it.
      const at = line.findIndex((other) => other.parcel > held.parcel);
      line.splice(at < 0 ? line.length : at, 0, held);
      this.#byKey.set(key, line);
    }
  }

  remove(held: HeldParcel): void {
    this.#held.delete(held.parcel);
    for (const key of keysOf(held)) {
      const line = (this.#byKey.get(key) ?? []).filter((other) => other !== held);
      if (line.length === 0) this.#byKey.delete(key);
      else this.#byKey.set(key, line);
    }
  }

  /** Forgets what is not under way: the outbox has changed. */
  clear(): void {
    for (const held of this.#held.values()) if (!held.isSending) this.remove(held);
  }

  /** The first parcel that may be sent now. */
  next(nowMs: number): HeldParcel | undefined {
    const inOrder = this.#strict ? this.#inOrder().slice(0, 1) : this.#held.values();
    for (const held of inOrder) if (!held.isSending && held.readyMs <= nowMs && this.#isFirst(held)) return held;
    return undefined;
  }

  /** When the next parcel that waits for its next try may be sent; undefined when none waits for a moment. */
  nextMs(nowMs: number): number | undefined {
    const waiting = [...this.#held.values()].filter((held) => !held.isSending && held.readyMs > nowMs);
    return waiting.length === 0 ? undefined : Math.min(...waiting.map((held) => held.readyMs));
  }

  #inOrder(): HeldParcel[] {
    return [...this.#held.values()].sort((a, b) => (a.parcel < b.parcel ? -1 : 1));
  }

  #isFirst(held: HeldParcel): boolean {
    return keysOf(held).every((key) => this.#byKey.get(key)?.[0] === held);
  }
}

/** Rows without a key are told apart by number: they never wait for each other. */
function keysOf({ rows }: DueParcel): readonly string[] {
  return rows.map(({ key }) => key).filter((key) => key !== "{}");
}
