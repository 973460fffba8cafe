// Rules over a row and over several rows, which languages of types alone cannot say.
import type { ContractDefinition } from "@millrace/core";
import type { ReportLoss } from "./loss.ts";

export function tellRules({ name, rules, sets = [] }: ContractDefinition, report: ReportLoss): void {
  const names = [...rules, ...sets].map((rule) => rule.name);
  if (names.length > 0) report(name, `its rules are not enforced by the schema: ${names.join(", ")}`);
}
