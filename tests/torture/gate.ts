// Where producers find the process: open while one serves, closed between lives.
import { once } from "node:events";
import type { Service } from "./process/tortured-process.ts";
import type { Reach } from "./workloads/workload.ts";

export class Gate {
  #service: Service | undefined;
  #opened = Promise.withResolvers<void>();

  open(service: Service): void {
    this.#service = service;
    this.#opened.resolve();
  }

  close(): void {
    // Who waits already goes on waiting for the same opening.
    if (this.#service === undefined) return;
    this.#service = undefined;
    this.#opened = Promise.withResolvers();
  }

  readonly reach: Reach = async (signal) => {
    for (;;) {
      signal.throwIfAborted();
      if (this.#service !== undefined) return this.#service;
      const over = new AbortController();
      await Promise.race([this.#opened.promise, once(signal, "abort", { signal: over.signal }).catch(() => undefined)]);
      over.abort();
    }
  };
}
