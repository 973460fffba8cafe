// What a plan tells of the rules: which the loader alone judges, which need not run, and which cannot be compiled.
import { toMillraceError, type ProjectDefinition } from "@millrace/core";
import { describeRules } from "@millrace/quality";
import { contractsOf } from "./adopt-tables.ts";
import { conflict } from "./plan-project.ts";
import type { PlannedChange, PlannedRule } from "./project-plan.ts";

export function planRules(project: ProjectDefinition): {
  readonly rules: readonly PlannedRule[];
  readonly conflicts: readonly PlannedChange[];
} {
  const rules: PlannedRule[] = [];
  const conflicts: PlannedChange[] = [];
  for (const { domain, contract } of contractsOf(project)) {
    const table = `${domain}.${contract.name}`;
    try {
      rules.push(...describeRules(contract).map((note) => ({ table, ...note })));
    } catch (error) {
      conflicts.push(conflict("table", table, toMillraceError(error).toJSON()));
    }
  }
  return { rules, conflicts };
}
