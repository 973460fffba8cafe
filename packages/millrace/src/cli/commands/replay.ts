// `millrace replay`: loads batches again from their raw objects under the present contract: one, or all of a table, a channel or a time.
import { randomUUID } from "node:crypto";
import { InvalidArgumentError, type Command } from "commander";
import { isMillraceError, MillraceError, type BatchReport } from "@millrace/core";
import type { Admin, Wire } from "../../admin/admin.ts";
import { command, CommandContext, identity, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";
import { ProgressLine } from "../progress-line.ts";
import { selectBatches, type BatchSelection } from "../replay-selection.ts";

type ReplayOptions = CommonOptions & BatchSelection;

interface SkippedBatch {
  readonly batch: number | bigint;
  readonly reason: string;
}

export function replayCommand(io: Io): Command {
  return command("replay", "load batches again from their raw objects, under the present contract", [
    "replay 17",
    "replay --table sales.sales --from 2026-01-01 --to 2026-02-01",
    "status --batches        # shows the numbers",
  ])
    .argument("[batch]", "number of the batch", identity)
    .option("--table <domain.table>", "all batches of a table", tableName)
    .option("--channel <domain.channel>", "only those of a channel", tableName)
    .option(
      "--from <time>",
      "only those that were committed at or after this time (ISO 8601; UTC without a zone)",
      instant,
    )
    .option("--to <time>", "only those that were committed before this time", instant)
    .action(async (batch: bigint | undefined, options: ReplayOptions) => {
      const context = new CommandContext(io, options);
      const { table, channel, from, to } = options;
      const several = [table, channel, from, to].some((one) => one !== undefined);
      if ((batch !== undefined) === several)
        throw new MillraceError(
          "request-invalid",
          "Name one batch, or select several with --table, --channel, --from and --to.",
        );
      if (batch === undefined) await replaySeveral(context, { table, channel, from, to });
      else await replayOne(context, batch);
    });
}

async function replayOne(context: CommandContext, batch: bigint): Promise<void> {
  // One name for all tries: when the instance ends before it has answered, the next one knows what was done.
  const request = randomUUID();
  const report = await context.admin({ live: false }, (admin) => admin.replay(batch, request));
  context.answer(
    report,
    () =>
      `batch ${batch} was loaded again as batch ${report.batch}: ${countsText(report)}; ${report.replaced} earlier rows replaced`,
  );
}

async function replaySeveral(context: CommandContext, selection: BatchSelection): Promise<void> {
  const request = randomUUID();
  const line = new ProgressLine(context.io.err);
  const done = await context
    .admin({ live: false }, (admin) => replayAll(admin, { selection, request, line, signal: context.io.signal }))
    .finally(() => line.clear());
  context.answer(done, () =>
    [
      `${done.replayed.length} batches were loaded again: ${countsText(done)}; ${done.replaced} earlier rows replaced`,
      ...done.skipped.map(({ batch, reason }) => `batch ${batch} is left as it is: ${reason}`),
    ].join("\n"),
  );
}

interface Work {
  readonly selection: BatchSelection;
  readonly request: string;
  readonly line: ProgressLine;
  readonly signal: AbortSignal;
}

/** Batch by batch, each in a transaction of its own; what newer files or swaps took the place of is left out. */
async function replayAll(admin: Admin, { selection, request, line, signal }: Work) {
  const replayed: Wire<BatchReport>[] = [];
  const skipped: SkippedBatch[] = [];
  const batches = await selectBatches(admin, selection, signal);
  for (const [at, batch] of batches.entries()) {
    signal.throwIfAborted();
    line.show({ subject: "replay", done: at, total: batches.length, unit: "batches" });
    try {
      replayed.push(await admin.replay(batch, `${request}:${batch}`));
    } catch (error) {
      if (!isMillraceError(error, "request-invalid")) throw error;
      skipped.push({ batch, reason: error.message });
    }
  }
  const sum = (of: "received" | "accepted" | "quarantined" | "duplicate" | "replaced"): bigint =>
    replayed.reduce((total, report) => total + BigInt(report[of]), 0n);
  return {
    replayed,
    skipped,
    received: sum("received"),
    accepted: sum("accepted"),
    quarantined: sum("quarantined"),
    duplicate: sum("duplicate"),
    replaced: sum("replaced"),
  };
}

type Counts = Readonly<Record<"received" | "accepted" | "quarantined" | "duplicate", number | bigint>>;

function countsText({ received, accepted, quarantined, duplicate }: Counts): string {
  return `${received} received = ${accepted} accepted + ${quarantined} quarantined + ${duplicate} duplicate`;
}

function tableName(text: string): string {
  if (!/^[^.]+\.[^.]+$/.test(text)) throw new InvalidArgumentError("domain.name is expected.");
  return text;
}

function instant(text: string): string {
  const zoned = /(?:[zZ]|[+-]\d{2}:?\d{2})$/.test(text) || !text.includes("T") ? text : `${text}Z`;
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? new Date(zoned) : new Date(Number.NaN);
  if (Number.isNaN(at.getTime()))
    throw new InvalidArgumentError("A date or time such as 2026-01-31 or 2026-01-31T12:00:00Z is expected.");
  return at.toISOString();
}
