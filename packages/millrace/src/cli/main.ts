// Entry of the command line: builds the program, runs it, and turns its outcome into an exit code. Called by bin/millrace.js.
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";

/** The version of the installed package, as `millrace --version` prints it. */
export function packageVersion(): string {
  const json: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return (json as { version: string }).version;
}

function program(): Command {
  return new Command("millrace")
    .description("One project for all data: bring it in, check it, serve it.")
    .version(packageVersion());
}

/**
 * Runs one command line.
 *
 * @param args what follows the command's name
 * @returns the exit code: 0 done, 2 wrong usage
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    await program().exitOverride().parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}
