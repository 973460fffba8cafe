// `millrace plan`: what adopting the project, as its files stand now, would change. Changes nothing.
import type { Command } from "commander";
import { fromErrorReport, type ErrorReport } from "@millrace/core";
import { command, CommandContext, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";
import { planText } from "../plan-text.ts";

export function planCommand(io: Io): Command {
  return command("plan", "show what adopting the project would change; changes nothing", [
    "plan",
    "plan --json | jq '.changes[].summary'",
  ]).action(async (options: CommonOptions) => {
    const context = new CommandContext(io, options);
    const project = await context.project();
    const plan = await context.admin(false, (admin) => admin.plan(project));
    context.answer(plan, () => planText(plan));
    const [conflict] = plan.conflicts;
    if (conflict !== undefined) throw fromErrorReport(conflict as ErrorReport);
  });
}
