// Counts what the platform must arrive at while the world is generated: written before anything is loaded.
import type { ChannelTruth } from "./shape.ts";

export class Tally {
  #received = 0;
  #duplicate = 0;
  #quarantined = 0;
  readonly #codes: Record<string, number> = {};

  good(): void {
    this.#received += 1;
  }

  duplicate(): void {
    this.#received += 1;
    this.#duplicate += 1;
  }

  bad(codes: readonly string[]): void {
    this.#received += 1;
    this.#quarantined += 1;
    for (const code of codes) this.#codes[code] = (this.#codes[code] ?? 0) + 1;
  }

  truth(): ChannelTruth {
    return {
      received: this.#received,
      accepted: this.#received - this.#quarantined - this.#duplicate,
      quarantined: this.#quarantined,
      duplicate: this.#duplicate,
      codes: this.#codes,
    };
  }
}
