// The parent's side of one life: starts the child, waits for it with deadlines, asks it, and sees how it died.
import { fork, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { MillraceError, type FailpointName } from "@millrace/core";
import { lastWords, type Scalar, type ProcessSpec, type Reply, type Request } from "./messages.ts";

export interface ProcessOptions extends ProcessSpec {
  /** Added to the environment: the project's settings, and the preloaded library of the power-cut mode. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Service {
  readonly address: string;
  readonly token: string;
}

export interface Death {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  /** Where it killed itself; undefined when it was killed from outside. */
  readonly failpoint: FailpointName | undefined;
  /** What it wrote to standard error, the last lines. */
  readonly stderr: string;
}

type Rows = readonly (readonly Scalar[])[];
type Ask = Request extends infer R ? (R extends { readonly id: number } ? Omit<R, "id"> : never) : never;

const answerTimeoutMs = 90_000;
/** A whole backlog may have to be loaded before the answer. */
const settleTimeoutMs = 300_000;
const stderrCharsMax = 16_000;

/** An answer that will not come, because the process died or took too long. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

export class TorturedProcess {
  /** Resolves when the process serves; rejects with NoAnswer when it dies before. */
  readonly ready: Promise<Service>;
  readonly died: Promise<Death>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(rows: Rows): void; reject(error: Error): void }>();
  #nextId = 1;
  #stdout = "";
  #stderr = "";

  constructor({ env, ...spec }: ProcessOptions) {
    this.#child = fork(join(import.meta.dirname, "process-under-torture.ts"), [], {
      execArgv: ["--conditions=millrace-source", "--enable-source-maps"],
      serialization: "advanced",
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: { ...process.env, NODE_OPTIONS: "", ...env, TORTURE_PROCESS: JSON.stringify(spec) },
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.#stdout += text));
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrCharsMax);
    });
    const served = Promise.withResolvers<Service>();
    this.ready = served.promise;
    this.ready.catch(() => undefined);
    this.#child.on("message", (reply: Reply) => {
      if (reply.kind === "ready") served.resolve(reply);
      else this.#settle(reply);
    });
    this.died = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => {
        const death = { code, signal, failpoint: this.#failpoint(), stderr: this.#stderr };
        const gone = new NoAnswer(`the process ended (${signal ?? `exit code ${code}`})\n${this.#stderr}`);
        served.reject(gone);
        for (const waiting of this.#waiting.values()) waiting.reject(gone);
        this.#waiting.clear();
        resolve(death);
      });
    });
  }

  /** @throws NoAnswer; MillraceError internal with what the child answered */
  ask(request: Ask): Promise<Rows> {
    const id = this.#nextId;
    this.#nextId += 1;
    const answer = Promise.withResolvers<Rows>();
    const timeoutMs = request.kind === "settle" ? settleTimeoutMs : answerTimeoutMs;
    const deadline = setTimeout(
      () => answer.reject(new NoAnswer(`no answer to "${request.kind}" within ${timeoutMs} ms`)),
      timeoutMs,
    );
    this.#waiting.set(id, answer);
    if (this.#child.connected)
      this.#child.send({ ...request, id }, (error) => {
        if (error !== null) answer.reject(new NoAnswer(error.message));
      });
    else answer.reject(new NoAnswer("the process is gone"));
    return answer.promise.finally(() => {
      clearTimeout(deadline);
      this.#waiting.delete(id);
    });
  }

  query(sql: string): Promise<Rows> {
    return this.ask({ kind: "query", sql });
  }

  kill(): Promise<Death> {
    this.#child.kill("SIGKILL");
    return this.died;
  }

  /** In good order. */
  async stop(): Promise<Death> {
    await this.ask({ kind: "stop" });
    return this.died;
  }

  #settle(reply: Exclude<Reply, { kind: "ready" }>): void {
    const waiting = this.#waiting.get(reply.id);
    if (reply.kind === "answer") waiting?.resolve(reply.rows);
    else waiting?.reject(new MillraceError("internal", `The process answered ${reply.code}: ${reply.message}`));
  }

  #failpoint(): FailpointName | undefined {
    const line = this.#stdout.split("\n").findLast((text) => text.startsWith(lastWords));
    return line?.slice(lastWords.length) as FailpointName | undefined;
  }
}
