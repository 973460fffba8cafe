// Answers that several streams of one read ask for, such as parents that they share. Bounded; the oldest leave first.
import type { Answer, PreparedRequest } from "./request.ts";

const bytesMaxDefault = 64 * 1024 * 1024;

export class AnswerCache {
  readonly #answers = new Map<string, Answer>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax = bytesMaxDefault) {
    this.#bytesMax = bytesMax;
  }

  get(request: PreparedRequest): Answer | undefined {
    return this.#answers.get(keyOf(request));
  }

  put(request: PreparedRequest, answer: Answer): void {
    const key = keyOf(request);
    if (this.#answers.has(key) || answer.bytes.byteLength > this.#bytesMax) return;
    this.#answers.set(key, answer);
    this.#bytes += answer.bytes.byteLength;
    for (const [oldest, { bytes }] of this.#answers) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#answers.delete(oldest);
      this.#bytes -= bytes.byteLength;
    }
  }
}

/** Proofs are no part of it: one read has one. */
function keyOf({ method, url, headers, body }: PreparedRequest): string {
  return JSON.stringify([method, url.href, headers, body ?? ""]);
}
