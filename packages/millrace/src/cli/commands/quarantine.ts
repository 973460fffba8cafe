// `millrace quarantine`: rejected rows with their codes, reasons and originals; quarantine-actions.ts repairs, re-admits and discards them.
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
import { rowText, shortened } from "../quarantine-report.ts";
import { formatTable } from "../table.ts";
import { discardCommand, fixCommand, readmitCommand } from "./quarantine-actions.ts";

interface ListOptions extends CommonOptions {
  readonly table?: string;
  readonly channel?: string;
  readonly code?: string;
  readonly state?: string;
  readonly batch?: bigint;
  readonly limit: number;
}

interface ShowOptions extends CommonOptions {
  readonly showPii?: boolean;
}

export function quarantineCommand(io: Io): Command {
  return commandGroup("quarantine", "look at rejected rows, repair, re-admit or discard them", [
    "quarantine list --code promotions.price.min",
    "quarantine show 17 3",
    "quarantine fix 17 3 --value price=12.50 --readmit",
    "quarantine discard 17 3 --reason 'test order'",
  ])
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
    .addCommand(fixCommand(io))
    .addCommand(readmitCommand(io))
    .addCommand(discardCommand(io));
}

function listCommand(io: Io): Command {
  return command("list", "rejected rows, newest first", ["quarantine list --table sales.sales --limit 10"])
    .option("-t, --table <name>", "of one table, domain.table")
    .option("-c, --channel <name>", "of one channel, domain.name")
    .option("--code <code>", "with this code, e.g. promotions.price.min")
    .option("-b, --batch <number>", "of one batch", identity)
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
      context.answer(found, () => rowText(found));
    });
}
