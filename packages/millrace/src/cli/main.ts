// Entry of the command line: builds the program, runs it, and turns its outcome into an exit code. Called by bin/millrace.js.
import { Command, CommanderError } from "commander";
import { packageVersion } from "../package-version.ts";
import { backupCommand, restoreCommand } from "./commands/backup.ts";
import { connectorCommand } from "./commands/connector.ts";
import { contractCommand } from "./commands/contract.ts";
import { deliverCommand } from "./commands/deliver.ts";
import { devCommand, startCommand } from "./commands/dev.ts";
import { docsCommand } from "./commands/docs.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { initCommand } from "./commands/init.ts";
import { lineageCommand } from "./commands/lineage.ts";
import { planCommand } from "./commands/plan.ts";
import { qualityCommand } from "./commands/quality.ts";
import { quarantineCommand } from "./commands/quarantine.ts";
import { queryCommand } from "./commands/query.ts";
import { replayCommand } from "./commands/replay.ts";
import { runCommand } from "./commands/run.ts";
import { statusCommand } from "./commands/status.ts";
import { testCommand } from "./commands/test.ts";
import { processIo, type Io } from "./io.ts";
import { reportError } from "./report-error.ts";

function program(io: Io, exit: (code: number) => void): Command {
  const commands = [
    initCommand(io),
    devCommand(io),
    startCommand(io),
    runCommand(io, exit),
    planCommand(io),
    testCommand(io, exit),
    lineageCommand(io),
    connectorCommand(io, exit),
    contractCommand(io, exit),
    queryCommand(io),
    statusCommand(io),
    qualityCommand(io),
    docsCommand(io),
    quarantineCommand(io),
    replayCommand(io),
    deliverCommand(io, exit),
    backupCommand(io),
    restoreCommand(io),
    doctorCommand(io, exit),
  ];
  const root = new Command("millrace")
    .description("One project for all data: bring it in, check it, serve it.")
    .version(packageVersion())
    .showHelpAfterError("(--help shows what can be written here)");
  for (const one of commands) root.addCommand(one);
  for (const one of withDescendants(root))
    one
      .exitOverride()
      .configureOutput({ writeOut: (text) => io.out.write(text), writeErr: (text) => io.err.write(text) });
  return root;
}

function withDescendants(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withDescendants)];
}

/**
 * Runs one command line.
 *
 * @param args what follows the command's name
 * @returns the exit code: 0 done, 1 tests that fail, 2 wrong usage or project, 75 try again, 74 storage, 70 our own fault, 130 cancelled
 */
export async function main(args: readonly string[], io: Io = processIo()): Promise<number> {
  let code = 0;
  try {
    await program(io, (wanted) => {
      code = wanted;
    }).parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportError(error, { err: io.err, json: args.includes("--json") });
  }
}
