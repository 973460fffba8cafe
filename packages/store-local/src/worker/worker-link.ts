// The store's side of its worker thread: calls with answers, so that no sync of a disk ever blocks the thread that serves HTTP.
import { Worker, type Transferable } from "node:worker_threads";
import { extname } from "node:path";
import { fromErrorReport, MillraceError } from "@millrace/core";
import type { AnswerMessage, CallMessage } from "./worker-messages.ts";

const youngMiBMax = 3;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: MillraceError) => void;
}

/**
 * A worker thread that answers calls. Its death rejects everything that waits with `storage-failed`, and every later call with
 * `storage-poisoned`. It keeps the process alive only while a call is under way.
 */
export class WorkerLink {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #exited: Promise<void>;
  #nextId = 1;
  #dead = false;

  /** @param script module beside the caller, without extension: sources run as .ts, published packages as .js */
  constructor(script: string, callerUrl: string, name: string, workerData: unknown) {
    const url = new URL(`${script}${extname(new URL(callerUrl).pathname)}`, callerUrl);
    // Calls leave little behind: a small space for young objects costs no time, and each thread several megabytes less.
    this.#worker = new Worker(url, { workerData, name, resourceLimits: { maxYoungGenerationSizeMb: youngMiBMax } });
    this.#worker.on("message", (answer: AnswerMessage) => this.#settle(answer));
    this.#worker.on("error", (error) => this.#die(error));
    this.#exited = new Promise((resolve) => this.#worker.on("exit", () => resolve(this.#die(undefined))));
  }

  call(method: string, argument: unknown, transfer: readonly Transferable[] = []): Promise<unknown> {
    if (this.#dead) return Promise.reject(new MillraceError("storage-poisoned", "The store's thread has stopped."));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      if (this.#waiting.size === 1) this.#worker.ref();
      this.#worker.postMessage({ id, method, argument } satisfies CallMessage, transfer);
    });
  }

  /** Lets the thread finish what it has, runs its `close` and waits for its end. */
  async close(): Promise<void> {
    if (!this.#dead) await this.call("close", undefined).catch(() => undefined);
    this.#worker.ref();
    await this.#exited;
  }

  /** Ends the thread at once, when it could not be opened. */
  async abandon(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(answer: AnswerMessage): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ("error" in answer) waiting.reject(fromErrorReport(answer.error));
    else waiting.resolve(answer.value);
  }

  #die(cause: unknown): void {
    this.#dead = true;
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const waiting of lost) {
      waiting.reject(new MillraceError("storage-failed", "The store's thread stopped before it answered.", { cause }));
    }
  }
}
