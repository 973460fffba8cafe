// A tree of lineage for people: one line per step, how it is used beside it.
import type { LineageReport } from "@millrace/runtime";
import type { Wire } from "../admin/admin.ts";

type Step = Wire<LineageReport>["up"];

export function lineageText(step: Step): string {
  const steps = step.steps.length === 0 ? ["└─ (nothing)"] : below(step, "");
  return [label(step), ...steps].join("\n");
}

function below({ steps }: Step, indent: string): string[] {
  return steps.flatMap((step, at) => {
    const last = at === steps.length - 1;
    return [`${indent}${last ? "└─ " : "├─ "}${label(step)}`, ...below(step, `${indent}${last ? "   " : "│  "}`)];
  });
}

function label({ kind, name, uses, connector, repeated }: Step): string {
  const what =
    kind === "rows" ? `which rows ${name} has` : kind === "channel" ? `channel ${name} (${connector ?? ""})` : name;
  const how = uses.length === 0 ? "" : `  ${uses.join(", ").replaceAll("_", " ")}`;
  return `${what}${how}${repeated === true ? "  (see above)" : ""}`;
}
