// `millrace quarantine list|show`: rejected rows with their codes, reasons and originals.
import type { Command } from "commander";
import {
  command,
  commandGroup,
  CommandContext,
  identity,
  wholeNumber,
  type CommonOptions,
} from "../command-context.ts";
import type { Io } from "../io.ts";
import { formatTable } from "../table.ts";

interface ListOptions extends CommonOptions {
  readonly table?: string;
  readonly channel?: string;
  readonly code?: string;
  readonly state?: string;
  readonly limit: number;
}

interface ShowOptions extends CommonOptions {
  readonly showPii?: boolean;
}

export function quarantineCommand(io: Io): Command {
  return commandGroup("quarantine", "list and show rejected rows", [
    "quarantine list",
    "quarantine list --code promotions.price.min --json",
    "quarantine show 17 3",
  ])
    .addCommand(listCommand(io))
    .addCommand(showCommand(io));
}

function listCommand(io: Io): Command {
  return command("list", "rejected rows, newest first", ["quarantine list --table sales.sales --limit 10"])
    .option("-t, --table <name>", "of one table, domain.table")
    .option("-c, --channel <name>", "of one channel, domain.name")
    .option("--code <code>", "with this code, e.g. promotions.price.min")
    .option("--state <state>", "open, held, readmitted or discarded")
    .option("-l, --limit <rows>", "at most so many", wholeNumber(1, 10_000), 50)
    .action(async (options: ListOptions) => {
      const context = new CommandContext(io, options);
      const { json: _json, project: _project, data: _data, ...filter } = options;
      const rows = await context.admin(false, (admin) => admin.quarantineList(filter));
      context.answer(rows, () =>
        rows.length === 0
          ? "nothing in quarantine"
          : formatTable(
              ["batch", "row", "table", "state", "codes", "original"],
              rows.map((row) => [
                row.batch,
                row.row,
                row.table,
                row.state,
                row.codes.join(", "),
                shortened(row.original),
              ]),
            ),
      );
    });
}

function showCommand(io: Io): Command {
  return command("show", "one rejected row: reasons, original and where it came from", ["quarantine show 17 3"])
    .argument("<batch>", "number of the batch", identity)
    .argument("<row>", "number of the row in the batch", identity)
    .option("--show-pii", "show values of personal columns")
    .action(async (batch: bigint, row: bigint, options: ShowOptions) => {
      const context = new CommandContext(io, options);
      const showPii = options.showPii === true;
      const found = await context.admin(false, (admin) => admin.quarantineShow(batch, row, { showPii }));
      context.answer(found, () =>
        [
          `batch ${found.batch}, row ${found.row}: ${found.state}`,
          `table     ${found.table}`,
          `channel   ${found.channel}`,
          `object    ${found.objectKey}, record ${found.position}`,
          ...found.codes.map((code, at) => `failed    ${code}: ${found.reasons[at] ?? ""}`),
          `original  ${found.original}`,
        ].join("\n"),
      );
    });
}

function shortened(text: string): string {
  const shown = 100;
  return text.length <= shown ? text : `${text.slice(0, shown - 3)}...`;
}
