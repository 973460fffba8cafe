// Decides when the write-ahead log moves into the file: beside the appends when it has grown, and once when the log falls idle.
import type { Clock } from "@millrace/core";
import { WorkerLink } from "../worker/worker-link.ts";

const idleMs = 1000;

/**
 * Under load the bulk is moved by a second thread while appends go on (a checkpoint does not hinder the writer); the log's own
 * thread then moves the small rest that came meanwhile, which lets the write-ahead log start again.
 */
export class LogCheckpointer {
  readonly #log: WorkerLink;
  readonly #file: string;
  readonly #clock: Clock;
  readonly #failed: (thrown: unknown) => void;
  #helper: WorkerLink | undefined;
  #running: Promise<void> | undefined;
  #cancelIdle: (() => void) | undefined;
  #busySinceTimer = false;
  #closed = false;

  constructor(
    log: WorkerLink,
    parts: { readonly file: string; readonly clock: Clock; readonly failed: (thrown: unknown) => void },
  ) {
    this.#log = log;
    this.#file = parts.file;
    this.#clock = parts.clock;
    this.#failed = parts.failed;
  }

  /** The write-ahead log has grown to where it should be moved. */
  due(): void {
    this.#running ??= this.#move()
      .catch(this.#failed)
      .finally(() => (this.#running = undefined));
  }

  /** Something was written: move it once the log has been idle for a second. One timer at most, none while nothing happens. */
  written(): void {
    this.#busySinceTimer = true;
    if (this.#cancelIdle !== undefined || this.#closed) return;
    this.#busySinceTimer = false;
    this.#cancelIdle = this.#clock.after(idleMs, () => {
      this.#cancelIdle = undefined;
      if (this.#busySinceTimer) this.written();
      else this.#log.call("checkpoint", undefined).catch(this.#failed);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelIdle?.();
    await this.#running;
    await this.#helper?.close();
  }

  async #move(): Promise<void> {
    this.#helper ??= new WorkerLink("./checkpoint-worker", import.meta.url, "log-checkpoint", { file: this.#file });
    await this.#helper.call("checkpoint", undefined);
    await this.#log.call("checkpoint", undefined);
  }
}
