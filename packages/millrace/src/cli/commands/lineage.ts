// `millrace lineage`: where a table or column comes from and what depends on it, read from the project as its files stand now.
import { InvalidArgumentError, type Command } from "commander";
import { command, CommandContext, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";
import { lineageText } from "../lineage-text.ts";

interface LineageOptions extends CommonOptions {
  readonly up?: boolean;
  readonly down?: boolean;
}

export function lineageCommand(io: Io): Command {
  return command("lineage", "show where a table or column comes from, and what depends on it", [
    "lineage sales.revenue_by_day",
    "lineage sales.revenue_by_day.revenue --up",
    "lineage sales.sales.price --down --json",
  ])
    .argument("<table[.column]>", "domain.table or domain.table.column", target)
    .option("--up", "only what it comes from")
    .option("--down", "only what depends on it")
    .action(async (of: ReturnType<typeof target>, options: LineageOptions) => {
      const context = new CommandContext(io, options);
      const project = await context.project();
      const { up, down } = await context.admin(false, (admin) => admin.lineage(of, project));
      const both = options.up === options.down;
      const shown = {
        ...(both || options.up === true ? { up } : {}),
        ...(both || options.down === true ? { down } : {}),
      };
      context.answer(shown, () =>
        [
          ...(shown.up === undefined ? [] : [`comes from\n${lineageText(shown.up)}`]),
          ...(shown.down === undefined ? [] : [`goes into\n${lineageText(shown.down)}`]),
        ].join("\n\n"),
      );
    });
}

function target(text: string): { readonly table: string; readonly column?: string } {
  const [domain = "", name = "", column, ...more] = text.split(".");
  if (domain === "" || name === "" || column === "" || more.length > 0)
    throw new InvalidArgumentError("domain.table or domain.table.column is expected.");
  return { table: `${domain}.${name}`, ...(column === undefined ? {} : { column }) };
}
