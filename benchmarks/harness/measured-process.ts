// Runs one measurement in a process of its own, so that its peak memory is its own, and reads what it found.
import { fork } from "node:child_process";

export interface Measured<T> {
  readonly result: T;
  /** Largest resident size of the process, bytes. */
  readonly peakBytes: number;
}

/** @param script file that calls `report` with its result */
export function measured<T>(script: string, input: unknown): Promise<Measured<T>> {
  return new Promise((resolve, reject) => {
    const child = fork(script, [JSON.stringify(input)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    let message: Measured<T> | undefined;
    child.once("message", (found) => (message = found as Measured<T>));
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code === 0 && message !== undefined) resolve(message);
      else reject(new Error(`${script} ended with code ${String(code)}`));
    });
  });
}

/** Called once in the measured process. */
export function report(result: unknown): void {
  process.send?.({ result, peakBytes: process.resourceUsage().maxRSS * 1024 });
}

/** The input of a measured process. */
export function inputOf<T>(): T {
  return JSON.parse(process.argv[2] ?? "null") as T;
}
