// `millrace run`: processes everything that has arrived, then ends. For schedulers, tests and first steps.
import type { Command } from "commander";
import { exitCode, type ErrorKind } from "@millrace/core";
import type { RunReport } from "@millrace/runtime";
import type { Wire } from "../../admin/admin.ts";
import { channelTable, modelTable, problemLines } from "../channel-report.ts";
import { command, CommandContext, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";
import { ProgressLine } from "../progress-line.ts";

export function runCommand(io: Io, exit: (code: number) => void): Command {
  return command("run", "process everything that has arrived, then stop", [
    "run",
    "run --json | jq '.channels[] | {channel, accepted}'",
  ]).action(async (options: CommonOptions) => {
    const context = new CommandContext(io, options);
    const line = new ProgressLine(io.err);
    const report = await context
      .admin({ live: false }, (admin) =>
        admin.run({ signal: io.signal, onProgress: (progress) => line.show(progress) }),
      )
      .finally(() => line.clear());
    context.answer(report, () => reportText(report));
    const [worst] = report.errors.map(({ kind }) => exitCode(kind as ErrorKind)).sort((a, b) => a - b);
    if (worst !== undefined) exit(worst);
  });
}

function reportText(report: Wire<RunReport>): string {
  const rows = report.batches.reduce((sum, batch) => sum + Number(batch.received), 0);
  const loaded = `${rows.toLocaleString("en-US")} rows received in ${report.batches.length} batches, ${(report.elapsedMs / 1000).toFixed(1)} s`;
  const models = report.models.length === 0 ? [] : ["", modelTable(report.models)];
  const problems = problemLines(report.errors.map((error) => ({ error })));
  return [channelTable(report.channels), ...models, "", loaded, ...(problems === "" ? [] : ["", problems])].join("\n");
}
