// Starts the real command line as processes of its own, and reads the events that `dev --json` and `start --json` tell.
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../../packages/millrace/bin/millrace.js", import.meta.url));
const ANSWER_TIMEOUT_MS = 30_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export type Event = Readonly<Record<string, unknown>> & { readonly event: string };

function start(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, [bin, ...args], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: "--conditions=millrace-source", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Runs a command to its end. */
export function millrace(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new ServingProcess(cwd, args, env).ended;
}

/** A command that goes on. Its lines of JSON are its events. */
export class ServingProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly events: Event[] = [];
  readonly #waiting = new Set<() => void>();
  #exited = false;
  #out = "";
  #err = "";

  constructor(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = start(cwd, args, env);
    const { stdout, stderr } = this.child;
    if (stdout === null || stderr === null) throw new Error("the process has no pipes");
    createInterface({ input: stdout }).on("line", (line) => this.#heard(line));
    stderr.setEncoding("utf8").on("data", (text: string) => (this.#err += text));
    this.ended = new Promise((resolve) => {
      this.child.on("close", (code, signal) => {
        this.#exited = true;
        this.#wake();
        resolve({ code, signal, out: this.#out, err: this.#err });
      });
    });
  }

  /** The first event that fits and comes after those that were waited for before. */
  async next(kind: string, fits: (event: Event) => boolean = () => true): Promise<Event> {
    const deadlineMs = performance.now() + ANSWER_TIMEOUT_MS;
    for (;;) {
      const at = this.events.findIndex((event) => event.event === kind && fits(event));
      const found = this.events[at];
      if (found !== undefined) {
        this.events.splice(0, at + 1);
        return found;
      }
      if (this.#exited || performance.now() > deadlineMs)
        throw new Error(`no event ${kind}; ${JSON.stringify(this.events)}\n${this.#out}\n${this.#err}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500);
        this.#waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Asks the process to end in good order. */
  stop(): Promise<Ended> {
    this.child.kill("SIGINT");
    return this.ended;
  }

  /** As a power cut would, for this process. */
  kill(): Promise<Ended> {
    this.child.kill("SIGKILL");
    return this.ended;
  }

  #heard(line: string): void {
    this.#out += `${line}\n`;
    if (line.startsWith("{")) this.events.push(parseEvent(line));
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

function parseEvent(line: string): Event {
  try {
    return JSON.parse(line) as Event;
  } catch {
    return { event: "not an event", line };
  }
}
