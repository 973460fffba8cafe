// `millrace init <folder>`: writes a small working project.
import { relative, resolve } from "node:path";
import type { Command } from "commander";
import { packageVersion } from "../../package-version.ts";
import { command, CommandContext, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";
import { writeProject } from "../project-template.ts";

export function initCommand(io: Io): Command {
  return command("init", "write a small working project into a new folder", [
    "init shop",
    "init shop && cd shop && millrace run",
  ])
    .argument("<folder>", "a folder that is empty or not there yet")
    .action((target: string, options: CommonOptions) => {
      const folder = resolve(io.cwd, target);
      const files = writeProject(folder, { version: packageVersion() });
      const shown = relative(io.cwd, folder) || ".";
      new CommandContext(io, options).answer({ folder, files }, () =>
        [`${shown}:`, ...files.map((file) => `  ${file}`), "", `Next: cd ${shown} && npx millrace run`].join("\n"),
      );
    });
}
