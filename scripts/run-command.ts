// Runs a child process to its end with a deadline, and shows what it printed when it fails. For the scripts beside it.
import { spawnSync } from "node:child_process";

/** Where and how long a command runs. */
export interface RunOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}

/** A command ended with another exit code than 0, or ran out of time. The message carries its output. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
}

/**
 * Runs a command and returns its standard output.
 *
 * @throws CommandFailed when it fails, is killed, or takes longer than `timeoutMs` (5 minutes unless given)
 */
export function run(
  command: string,
  args: readonly string[],
  { cwd, env = process.env, timeoutMs = 300_000 }: RunOptions,
): string {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env,
    timeout: timeoutMs,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return stdout;
  const end = error?.message ?? (signal === null ? `exit code ${status}` : `signal ${signal}`);
  throw new CommandFailed(`${[command, ...args].join(" ")}: ${end}\n${stdout}${stderr}`);
}
