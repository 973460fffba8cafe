// The command line as its users start it, `millrace dev`, timed from outside; memory and processor time come from the system's own accounts.
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** `built` runs the packages' dist folders, as published; `source` runs the TypeScript files. */
export type Form = "built" | "source";

export interface StartOptions {
  readonly form: Form;
  readonly dataFolder: string;
  /** Folder that the project's file channels watch. */
  readonly filesFolder: string;
}

interface Ready {
  readonly address: string;
  readonly tokenFile: string;
}

const bin = fileURLToPath(import.meta.resolve("millrace/package.json")).replace("package.json", "bin/millrace.js");
const project = fileURLToPath(new URL("../project", import.meta.url));
const readyTimeoutMs = 120_000;
const endTimeoutMs = 60_000;
/** Of Linux: units of processor time in /proc, and bytes of a page are asked for in kB there. */
const ticksPerSecond = 100;

export class StartedMillrace implements AsyncDisposable {
  readonly child: ChildProcess;
  /** From the start of the process until it said that it is ready. */
  readonly readyMs: number;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;

  private constructor(child: ChildProcess, readyMs: number, { address, tokenFile }: Ready) {
    this.child = child;
    this.readyMs = readyMs;
    this.url = address;
    this.headers = { authorization: `Bearer ${readFileSync(tokenFile, "utf8").trim()}` };
  }

  /** Resolves when it is ready and answers. */
  static async start({ form, dataFolder, filesFolder }: StartOptions): Promise<StartedMillrace> {
    const options = form === "source" ? { NODE_OPTIONS: "--conditions=millrace-source" } : { NODE_OPTIONS: "" };
    const startedMs = performance.now();
    const child = spawn(
      process.execPath,
      [bin, "dev", "--json", "--port", "0", "--project", project, "--data", dataFolder],
      {
        env: { ...process.env, ...options, BENCH_FILES: filesFolder },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    try {
      const ready = await readyEvent(child);
      const started = new StartedMillrace(child, performance.now() - startedMs, ready);
      const answer = await fetch(`${started.url}/readyz`);
      if (answer.status !== 200) throw new Error(`/readyz answered ${answer.status} after the ready event`);
      return started;
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  get memoryBytes(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  }

  /** Processor time of all threads so far. */
  get processorSeconds(): number {
    const stat = readFileSync(`/proc/${this.child.pid}/stat`, "utf8");
    // The name of the command stands in parentheses and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  /** Resolves when the process is gone; one that does not heed the signal is killed. */
  async end(signal: "SIGINT" | "SIGKILL"): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill(signal);
    const cut = setTimeout(() => this.child.kill("SIGKILL"), endTimeoutMs);
    await gone;
    clearTimeout(cut);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end("SIGINT");
  }
}

async function readyEvent(child: ChildProcess): Promise<Ready> {
  const { promise, resolve, reject } = Promise.withResolvers<Ready>();
  const late = setTimeout(
    () => reject(new Error(`millrace dev was not ready within ${readyTimeoutMs} ms`)),
    readyTimeoutMs,
  );
  child.once("error", reject);
  child.once("exit", (code, signal) => reject(new Error(`millrace dev ended with ${signal ?? String(code)}`)));
  if (child.stdout === null) throw new Error("the process has no output");
  createInterface({ input: child.stdout }).on("line", (line) => {
    const told = JSON.parse(line) as Ready & { readonly event: string };
    if (told.event === "ready") resolve(told);
  });
  return promise.finally(() => clearTimeout(late));
}
