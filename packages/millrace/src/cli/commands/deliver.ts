// `millrace deliver`: what goes back to other systems, its dead letters, and what people do about them.
import type { Command } from "commander";
import { stringifyExact } from "@millrace/core";
import type { DeliveryReport, DeliveryRequest, Reconciliation } from "@millrace/runtime";
import type { Wire } from "../../admin/admin.ts";
import { deliveryTable } from "../delivery-report.ts";
import { problemLines, when } from "../channel-report.ts";
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

interface ShowOptions extends CommonOptions {
  readonly state?: string;
  readonly limit: number;
  readonly showPii?: boolean;
}

export function deliverCommand(io: Io, exit: (code: number) => void): Command {
  return commandGroup("deliver", "look at deliveries, replay or discard dead letters, pause and resume", [
    "deliver list",
    "deliver show inventory.oms_stock --state dead",
    "deliver replay inventory.oms_stock",
    "deliver reconcile inventory.oms_stock",
  ])
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
    .addCommand(deadLetterCommand(io, "replay", "send dead letters again, all or those named"))
    .addCommand(deadLetterCommand(io, "discard", "give dead letters up for good, all or those named"))
    .addCommand(switchCommand(io, "pause", "send nothing more"))
    .addCommand(
      switchCommand(io, "resume", "send again: what is due, and the newest version of what changed meanwhile"),
    )
    .addCommand(reconcileCommand(io, exit));
}

function listCommand(io: Io): Command {
  return command("list", "deliveries and their counts: due = acknowledged + pending + dead + discarded + superseded", [
    "deliver list --json",
  ]).action(async (options: CommonOptions) => {
    const context = new CommandContext(io, options);
    const deliveries = await context.admin({ live: false }, (admin) => admin.deliveries());
    context.answer(deliveries, () => [deliveryTable(deliveries), problemLines(deliveries)].join("\n").trimEnd());
  });
}

function showCommand(io: Io): Command {
  return command("show", "one delivery: dead letters with their reasons, then what is pending", [
    "deliver show inventory.oms_stock --state dead --limit 5",
  ])
    .argument("<delivery>", "domain.name")
    .option("--state <state>", "pending or dead")
    .option("-l, --limit <rows>", "at most so many", wholeNumber(1, 10_000), 20)
    .option("--show-pii", "show keys and rows of deliveries with personal data")
    .action(async (delivery: string, options: ShowOptions) => {
      const context = new CommandContext(io, options);
      const { state, limit, showPii = false } = options;
      const filter = { limit, showPii, ...(state === undefined ? {} : { state }) };
      const report = await context.admin({ live: false }, (admin) => admin.deliveryShow(delivery, filter));
      context.answer(report, () => reportText(report));
    });
}

function deadLetterCommand(io: Io, kind: "replay" | "discard", description: string): Command {
  return command(kind, description, [
    `deliver ${kind} inventory.oms_stock`,
    `deliver ${kind} inventory.oms_stock 17 18`,
  ])
    .argument("<delivery>", "domain.name")
    .argument("[numbers...]", "numbers of dead letters, as shown by: deliver show", collected, [])
    .action((delivery: string, rows: readonly bigint[], options: CommonOptions) =>
      act(io, options, { kind, delivery, ...(rows.length === 0 ? {} : { rows }) }),
    );
}

function switchCommand(io: Io, kind: "pause" | "resume", description: string): Command {
  return command(kind, description, [`deliver ${kind} inventory.oms_stock`])
    .argument("<delivery>", "domain.name")
    .action((delivery: string, options: CommonOptions) => act(io, options, { kind, delivery }));
}

function reconcileCommand(io: Io, exit: (code: number) => void): Command {
  return command("reconcile", "whether the counts add up and the receiver holds what was sent; exits with 1 if not", [
    "deliver reconcile inventory.oms_stock --json",
  ])
    .argument("<delivery>", "domain.name")
    .action(async (delivery: string, options: CommonOptions) => {
      const context = new CommandContext(io, options);
      const found = await context.admin({ live: false }, (admin) => admin.deliveryReconcile(delivery));
      context.answer(found, () => reconciliationText(found));
      if (!found.equal) exit(1);
    });
}

async function act(io: Io, options: CommonOptions, request: DeliveryRequest): Promise<void> {
  const context = new CommandContext(io, options);
  const outcome = await context.admin({ live: false }, (admin) => admin.deliveryAct(request));
  context.answer(outcome, () => {
    const { changed, outdated, pending, dead, state } = outcome;
    const left = BigInt(outdated) > 0n ? `; ${outdated} left out: a newer version of their row is due or sent` : "";
    const rows = { replay: `${changed} to be sent again${left}`, discard: `${changed} discarded` };
    const done = request.kind === "pause" || request.kind === "resume" ? state : rows[request.kind];
    return `${request.delivery}: ${done}; ${pending} pending, ${dead} dead`;
  });
}

function reportText(report: Wire<DeliveryReport>): string {
  const rows = report.rows.map((row) => [
    row.seq,
    row.state,
    row.operation,
    row.version,
    row.key === undefined ? "(personal)" : stringifyExact(row.key),
    row.attempts,
    when(row.dueMs),
    [row.reason, row.answer].filter((part) => part !== undefined).join(" "),
  ]);
  const outbox =
    rows.length === 0
      ? "nothing in the outbox"
      : formatTable(["number", "state", "operation", "version", "key", "tries", "due", "why"], rows);
  return [deliveryTable([report]), "", outbox, problemLines([report])].join("\n").trimEnd();
}

function reconciliationText(found: Wire<Reconciliation>): string {
  const { due, acknowledged, pending, dead, discarded, superseded } = found;
  const sum = `due ${due} ${found.addsUp ? "=" : "IS NOT"} ${acknowledged} acknowledged + ${pending} pending + ${dead} dead + ${discarded} discarded + ${superseded} superseded`;
  if (found.receiver === undefined) return sum;
  const same = found.source === found.receiver ? "holds" : "DIFFERS:";
  return `${sum}\nreceiver ${same} ${found.receiver}; the source has ${found.source} rows`;
}

function collected(text: string, before: readonly bigint[]): bigint[] {
  return [...before, identity(text)];
}
