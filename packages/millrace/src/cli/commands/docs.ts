// `millrace docs`: writes contracts, rules, lineage and results as a folder of static pages.
import { relative, resolve } from "node:path";
import type { Command } from "commander";
import { command, CommandContext, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";

interface DocsOptions extends CommonOptions {
  readonly out: string;
}

export function docsCommand(io: Io): Command {
  return command("docs", "write contracts, rules, lineage and results as static pages", [
    "docs",
    "docs --out public/data",
  ])
    .option("-o, --out <folder>", "folder of the pages, new or written by this command before", "millrace-docs")
    .action(async (options: DocsOptions) => {
      const context = new CommandContext(io, options);
      const report = await context.admin({ live: false }, (admin) => admin.report());
      const { writeReport } = await import("../../report/write-report.ts");
      const written = await writeReport(report, resolve(io.cwd, options.out));
      context.answer(written, () => `${relative(io.cwd, written.index) || written.index}: ${written.pages} pages`);
    });
}
