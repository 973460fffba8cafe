// `millrace status`: channels, models, tables and quarantine; `--batches` lists the last batches of the ledger.
import type { Command } from "commander";
import type { BatchReport } from "@millrace/core";
import type { PlatformStatus } from "@millrace/runtime";
import type { Wire } from "../../admin/admin.ts";
import { channelTable, modelTable, problemLines, when } from "../channel-report.ts";
import { deliveryTable } from "../delivery-report.ts";
import { command, CommandContext, wholeNumber, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";
import { formatTable } from "../table.ts";

interface StatusOptions extends CommonOptions {
  readonly batches?: boolean;
  readonly channel?: string;
  readonly limit: number;
}

export function statusCommand(io: Io): Command {
  return command("status", "show channels, models, deliveries, tables and quarantine", [
    "status",
    "status --batches --channel promotions.weekly --limit 10",
  ])
    .option("-b, --batches", "list the last batches instead")
    .option("-c, --channel <name>", "with --batches: of one channel, domain.name")
    .option("-l, --limit <count>", "with --batches: at most so many", wholeNumber(1, 10_000), 20)
    .action(async (options: StatusOptions) => {
      const context = new CommandContext(io, options);
      if (options.batches === true) {
        const channel = options.channel === undefined ? {} : { channel: options.channel };
        const batches = await context.admin(false, (admin) => admin.batches({ limit: options.limit, ...channel }));
        context.answer(batches, () => batchText(batches));
        return;
      }
      const status = await context.admin({ live: false }, (admin) => admin.status());
      context.answer(status, () => statusText(status));
    });
}

function batchText(batches: readonly Wire<BatchReport>[]): string {
  if (batches.length === 0) return "no batches";
  return formatTable(
    ["batch", "channel", "table", "kind", "received", "accepted", "quarantined", "duplicate", "committed"],
    batches.map((batch) => [
      batch.batch,
      batch.channel,
      batch.table,
      batch.kind,
      batch.received,
      batch.accepted,
      batch.quarantined,
      batch.duplicate,
      when(batch.committedMs),
    ]),
  );
}

/** Rules that the clock judges. */
function ruleTable(rules: Wire<PlatformStatus>["clockRules"]): string {
  return formatTable(
    ["rule", "table", "state", "found"],
    rules.map(({ code, table, state, found }) => [code, table, state, found]),
  );
}

function statusText(status: Wire<PlatformStatus>): string {
  const { open, held, readmitted, discarded } = status.quarantine;
  const tables = formatTable(
    ["table", "kind", "rows", "version"],
    status.tables.map(({ table, kind, rows, version }) => [table, kind, rows, version]),
  );
  const components = Object.entries(status.components).map(([name, state]) =>
    state === "ok" ? `${name} ok` : `${name} ${(state as { code: string }).code}`,
  );
  const problems = problemLines([...status.channels, ...status.models, ...status.deliveries]);
  return [
    `${status.project}: ${components.join(", ")}`,
    "",
    channelTable(status.channels),
    ...(status.models.length === 0 ? [] : ["", modelTable(status.models)]),
    ...(status.deliveries.length === 0 ? [] : ["", deliveryTable(status.deliveries)]),
    ...(status.tables.length === 0 ? [] : ["", tables]),
    "",
    `quarantine: ${open} open, ${held} held, ${readmitted} readmitted, ${discarded} discarded`,
    ...(status.clockRules.length === 0 ? [] : ["", ruleTable(status.clockRules)]),
    ...(problems === "" ? [] : ["", problems]),
  ].join("\n");
}
