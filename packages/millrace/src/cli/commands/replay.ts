// `millrace replay <batch>`: loads a batch again from its raw objects under the present contract.
import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import { command, CommandContext, identity, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";

export function replayCommand(io: Io): Command {
  return command("replay", "load a batch again from its raw objects, under the present contract", [
    "replay 17",
    "status --batches        # shows the numbers",
  ])
    .argument("<batch>", "number of the batch", identity)
    .action(async (batch: bigint, options: CommonOptions) => {
      const context = new CommandContext(io, options);
      // One name for all tries: when the instance ends before it has answered, the next one knows what was done.
      const request = randomUUID();
      const report = await context.admin({ live: false }, (admin) => admin.replay(batch, request));
      context.answer(
        report,
        () =>
          `batch ${batch} was loaded again as batch ${report.batch}: ${report.received} received = ${report.accepted} accepted + ` +
          `${report.quarantined} quarantined + ${report.duplicate} duplicate; ${report.replaced} earlier rows replaced`,
      );
    });
}
