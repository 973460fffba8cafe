// A process that serves while others measure it: started, asked, stopped. Its memory and processor time are its own.
import { fork, type ChildProcess } from "node:child_process";

/** What the served process tells when it ends. */
export interface Spent {
  readonly peakBytes: number;
  readonly processorSeconds: number;
}

type Message = { readonly ready: unknown } | { readonly id: number; readonly value?: unknown; readonly error?: string };

const startTimeoutMs = 600_000;
const askTimeoutMs = 600_000;

export class ServedProcess<Ready> implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #opened = Promise.withResolvers<unknown>();
  #nextId = 1;
  /** Why it answers no more. */
  #ended: Error | undefined;

  /** @param script file that calls `serveAsked` */
  constructor(script: string, input: unknown) {
    this.#child = fork(script, [JSON.stringify(input)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#child.on("message", (message) => this.#settle(message as Message));
    // Met by `ready`; until then a failure must not count as unhandled.
    this.#opened.promise.catch(() => undefined);
    this.#child.on("error", (error) => this.#end(error));
    this.#child.once("exit", (code, signal) =>
      this.#end(new Error(`${script} ended with ${signal ?? `code ${String(code)}`}`)),
    );
  }

  /** What it told when it was ready. */
  ready(): Promise<Ready> {
    return within(this.#opened.promise, startTimeoutMs, "the process to be ready") as Promise<Ready>;
  }

  ask<T>(question: string, argument?: unknown): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#nextId++;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#child.send({ id, question, argument });
    return within(waiting.promise, askTimeoutMs, `the answer to "${question}"`) as Promise<T>;
  }

  spent(): Promise<Spent> {
    return this.ask<Spent>("spent");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.send({ id: 0, question: "stop" });
    const cut = setTimeout(() => this.#child.kill("SIGKILL"), 60_000);
    await ended;
    clearTimeout(cut);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#opened.reject(error);
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }

  #settle(message: Message): void {
    if ("ready" in message) return this.#opened.resolve(message.ready);
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error === undefined) waiting?.resolve(message.value);
    else waiting?.reject(new Error(message.error));
  }
}

async function within<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${timeoutMs / 1000} s for ${what}`)), timeoutMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The served side: tells that it is ready, answers questions, ends after `stop`. Called once. */
export function serveAsked(
  ready: unknown,
  answers: Readonly<Record<string, (argument: never) => unknown>>,
  stop: () => Promise<void>,
): void {
  const all: Readonly<Record<string, (argument: never) => unknown>> = { ...answers, spent };
  process.on("message", ({ id, question, argument }: { id: number; question: string; argument: never }) => {
    if (question === "stop") return void stop().finally(() => process.exit());
    Promise.try(() => all[question]?.(argument)).then(
      (value: unknown) => process.send?.({ id, value }),
      (error: unknown) => process.send?.({ id, error: error instanceof Error ? error.message : String(error) }),
    );
  });
  // Without its parent it has nothing to live for.
  process.on("disconnect", () => process.exit());
  process.send?.({ ready });
}

function spent(): Spent {
  const { user, system } = process.cpuUsage();
  return { peakBytes: process.resourceUsage().maxRSS * 1024, processorSeconds: (user + system) / 1e6 };
}
