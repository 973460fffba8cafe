// `millrace backup <folder>` and `millrace restore <folder>`: one consistent cut of warehouse, log, control store and raw objects.
import { resolve } from "node:path";
import type { Command } from "commander";
import { formatByteSize } from "../../instance/byte-size.ts";
import { command, CommandContext, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";
import { ProgressLine } from "../progress-line.ts";

export function backupCommand(io: Io): Command {
  return command("backup", "copy all stores as one consistent cut, also while an instance runs", [
    "backup /backups/shop-2026-11-23",
  ])
    .argument("<folder>", "a folder that is empty or not there yet")
    .action(async (target: string, options: CommonOptions) => {
      const context = new CommandContext(io, options);
      const line = new ProgressLine(io.err);
      const summary = await context
        .admin(false, (admin) =>
          admin.backup(resolve(io.cwd, target), { signal: io.signal, onProgress: (progress) => line.show(progress) }),
        )
        .finally(() => line.clear());
      context.answer(summary, () => `backed up to ${summary.path}: ${summaryText(summary)}`);
    });
}

interface RestoreOptions extends CommonOptions {
  readonly replace?: boolean;
}

export function restoreCommand(io: Io): Command {
  return command("restore", "put a backup in the place of the data folder; no instance may run", [
    "restore /backups/shop-2026-11-23",
    "restore --replace /backups/shop-2026-11-23    # gives up what is there now",
  ])
    .argument("<folder>", "the backup")
    .option("--replace", "give up the data that is there now")
    .action(async (source: string, options: RestoreOptions) => {
      const context = new CommandContext(io, options);
      const { restoreInto } = await import("@millrace/store-local");
      const summary = await restoreInto(resolve(io.cwd, source), await context.dataFolder(), {
        replace: options.replace === true,
      });
      context.answer(summary, () => `restored into ${summary.path}: ${summaryText(summary)}`);
    });
}

function summaryText({ objects, bytes }: { readonly objects: number; readonly bytes: number }): string {
  return `${objects.toLocaleString("en-US")} raw objects, ${formatByteSize(bytes)} in all`;
}
