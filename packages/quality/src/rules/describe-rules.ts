// What a plan tells of a contract's rules beyond their declaration: which run in the loader alone, and which need not run.
import type { ContractDefinition, VerdictCode } from "@millrace/core";
import { rowRules } from "./row-rules.ts";

export interface RuleNote {
  readonly code: VerdictCode;
  /** `loader-only`: no early answer at the ingress; `dropped`: it runs nowhere. */
  readonly note: "loader-only" | "dropped";
  readonly because: string;
}

/** @throws MillraceError contract-invalid */
export function describeRules(contract: ContractDefinition): readonly RuleNote[] {
  const { rules, dropped } = rowRules(contract);
  return [
    ...rules.flatMap(({ code, loaderOnly }) =>
      loaderOnly === undefined ? [] : [{ code, note: "loader-only" as const, because: loaderOnly }],
    ),
    ...dropped.map(({ code, because }) => ({ code, note: "dropped" as const, because })),
  ];
}
