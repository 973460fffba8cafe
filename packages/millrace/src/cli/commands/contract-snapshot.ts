// `millrace contract snapshot`: the project's contracts as JSON, for `contract diff --from <file>` where there is no repository.
import type { Command } from "commander";
import { command, CommandContext, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";

export function contractSnapshotCommand(io: Io): Command {
  return command("snapshot", "print the project's contracts as JSON, for contract diff", [
    "contract snapshot > contracts.json",
  ]).action(async (options: CommonOptions) => {
    const context = new CommandContext(io, { ...options, json: true });
    const [{ contractsOf }, { snapshotOf }] = await Promise.all([
      import("../../contracts/contract-set.ts"),
      import("../../contracts/contract-moments.ts"),
    ]);
    context.answer(snapshotOf(contractsOf(await context.project())), () => "");
  });
}
