// Runs a command line inside the test's process, with a terminal that remembers.
import { main } from "../cli/main.ts";

export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunningCommand {
  readonly ended: Promise<CommandResult>;
  /** What was written to standard output so far. */
  output(): string;
  /** Ctrl-C. */
  interrupt(): void;
  /** Resolves when the output matches; rejects when the command ends before. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
}

/** To the end. @example const { code, out } = await runCommand(project.folder, "query", "SELECT 1"); */
export function runCommand(cwd: string, ...args: readonly string[]): Promise<CommandResult> {
  return startCommand(cwd, ...args).ended;
}

/** One that goes on until it is interrupted. */
export function startCommand(cwd: string, ...args: readonly string[]): RunningCommand {
  const stop = new AbortController();
  const listeners = new Set<() => void>();
  let out = "";
  let err = "";
  const add = (keep: (text: string) => void) => ({
    write(text: string): void {
      keep(text);
      for (const listener of listeners) listener();
    },
  });
  const io = {
    out: add((text) => (out += text)),
    err: add((text) => (err += text)),
    cwd,
    signal: stop.signal,
  };
  let ended = false;
  const result = main(args, io).then((code): CommandResult => {
    ended = true;
    for (const listener of listeners) listener();
    return { code, out, err };
  });
  return {
    ended: result,
    output: () => out,
    interrupt: () => stop.abort(),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(out);
          if (match === null && !ended) return;
          listeners.delete(look);
          if (match === null) reject(new Error(`the command ended without ${pattern}:\n${out}\n${err}`));
          else resolve(match);
        };
        listeners.add(look);
        look();
      }),
  };
}
