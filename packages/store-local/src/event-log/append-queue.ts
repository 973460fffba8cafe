// Appends that wait for the disk, bounded, and how they become one group: payloads copied side by side, partition by partition.
import { MillraceError, type AppendRequest, type Appended } from "@millrace/core";
import type { GroupAppend } from "./log-messages.ts";

export interface WaitingAppend {
  readonly request: AppendRequest;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: MillraceError) => void;
}

export interface QueueBounds {
  readonly queueBytesMax: number;
  readonly queueAppendsMax: number;
  readonly groupBytesMax: number;
}

/** First in, first out per partition. Bounds count what waits and what is on its way to the disk. */
export class AppendQueue {
  readonly #bounds: QueueBounds;
  #waiting: WaitingAppend[] = [];
  #appends = 0;
  #bytes = 0;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** @throws overloaded when the append does not fit beside what waits; an empty queue takes any append */
  push(append: WaitingAppend): void {
    const bytes = append.request.payload.byteLength;
    const full = this.#bytes + bytes > this.#bounds.queueBytesMax || this.#appends >= this.#bounds.queueAppendsMax;
    if (full && this.#appends > 0) {
      throw new MillraceError(
        "overloaded",
        `${this.#appends} appends with ${this.#bytes} bytes wait for the disk already.`,
        { details: { appends: this.#appends, bytes: this.#bytes } },
      );
    }
    this.#waiting.push(append);
    this.#appends += 1;
    this.#bytes += bytes;
  }

  /** The oldest appends, up to the bytes of a group, those of one partition together. They count until `settled`. */
  takeGroup(): readonly WaitingAppend[] {
    let bytes = 0;
    let taken = 0;
    for (const { request } of this.#waiting) {
      bytes += request.payload.byteLength;
      if (taken > 0 && bytes > this.#bounds.groupBytesMax) break;
      taken += 1;
    }
    const group = this.#waiting.slice(0, taken);
    this.#waiting = this.#waiting.slice(taken);
    return byPartition(group);
  }

  settled(group: readonly WaitingAppend[]): void {
    this.#appends -= group.length;
    for (const { request } of group) this.#bytes -= request.payload.byteLength;
  }

  /** Everything that waits, when the log has stopped. */
  takeAll(): readonly WaitingAppend[] {
    const all = this.#waiting;
    this.#waiting = [];
    this.settled(all);
    return all;
  }
}

function byPartition(group: readonly WaitingAppend[]): readonly WaitingAppend[] {
  const first = group[0]?.request.partition;
  if (group.every(({ request }) => request.partition === first)) return group;
  return [...Map.groupBy(group, ({ request }) => request.partition).values()].flat();
}

/** Copies the payloads side by side into `spare` when they fit there, else into a new buffer. */
export function packGroup(group: readonly WaitingAppend[], spare: ArrayBuffer | undefined): ArrayBuffer {
  const total = group.reduce((sum, { request }) => sum + request.payload.byteLength, 0);
  const buffer = spare !== undefined && spare.byteLength >= total ? spare : new ArrayBuffer(Math.max(total, 1 << 20));
  const bytes = new Uint8Array(buffer);
  let at = 0;
  for (const { request } of group) {
    bytes.set(request.payload, at);
    at += request.payload.byteLength;
  }
  return buffer;
}

export function describeAppend({ request }: WaitingAppend): GroupAppend {
  const { partition, count, payload, idempotencyKey } = request;
  const append = { partition, count, bytes: payload.byteLength };
  return idempotencyKey === undefined ? append : { ...append, idempotencyKey };
}
