// The event log as a list in memory: what event-log-conformance.ts compares a real one with. One partition.
import type { AppendRequest } from "../ports/event-log.ts";

interface ModelEntry {
  readonly offset: bigint;
  readonly count: number;
  readonly payload: Uint8Array;
}

export class LogModel {
  first = 0n;
  next = 0n;
  #entries: ModelEntry[] = [];
  readonly #keys = new Map<string, { readonly offset: bigint; readonly count: number }>();

  append(request: AppendRequest): { readonly offset: bigint; readonly count: number; readonly repeated: boolean } {
    const known = request.idempotencyKey === undefined ? undefined : this.#keys.get(request.idempotencyKey);
    if (known !== undefined) return { ...known, repeated: true };
    const entry = { offset: this.next, count: request.count };
    this.#entries.push({ ...entry, payload: request.payload });
    if (request.idempotencyKey !== undefined) this.#keys.set(request.idempotencyKey, entry);
    this.next += BigInt(request.count);
    return { ...entry, repeated: false };
  }

  /** Undefined where the log must refuse. */
  read(from: bigint, bytesMax: number): readonly ModelEntry[] | undefined {
    if (from < this.first || from > this.next) return undefined;
    const entries: ModelEntry[] = [];
    let bytes = 0;
    for (const entry of this.#entries.filter((one) => one.offset + BigInt(one.count) > from)) {
      bytes += entry.payload.byteLength;
      if (entries.length > 0 && bytes > bytesMax) break;
      entries.push(entry);
    }
    return entries;
  }

  trim(before: bigint): void {
    this.#entries = this.#entries.filter((entry) => entry.offset + BigInt(entry.count) > before);
    const oldest = this.#entries[0]?.offset ?? this.next;
    if (oldest > this.first) this.first = oldest;
  }

  /** Tenths of the stored range: -1 lies before it and 11 and more at its end or behind it. */
  position(tenths: number): bigint {
    const inside = this.first + ((this.next - this.first) * BigInt(Math.min(tenths, 10))) / 10n;
    if (tenths < 0) return this.first > 0n ? this.first - 1n : 0n;
    return tenths > 11 ? this.next + 1n : inside;
  }
}
