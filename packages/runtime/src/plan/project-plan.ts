// What adopting a project would change, as data: made by plan-project.ts, shown by `millrace plan`, returned by reload.
import type { ChangeClass, ContractChange, ErrorReport, VerdictCode, StreamReading } from "@millrace/core";

export type PlanSubject = "table" | "model" | "channel" | "delivery";

/**
 * `create`: new; `add-columns`: the stored table gets columns; `change`: a contract or channel; `rebuild`: a model is
 * built anew; `retire`: no longer in the project, its data stays; `conflict`: cannot be adopted.
 */
export type PlanAction = "create" | "add-columns" | "change" | "rebuild" | "retire" | "conflict";

export interface PlannedChange {
  readonly action: PlanAction;
  readonly subject: PlanSubject;
  /** `domain.name` */
  readonly name: string;
  /** One sentence for people. */
  readonly summary: string;
  /** Names of added columns. */
  readonly columns?: readonly string[];
  /** What changes in a table's contract, and whether it breaks anybody. */
  readonly contract?: { readonly class: ChangeClass; readonly changes: readonly ContractChange[] };
  readonly error?: ErrorReport;
}

/** Something to know about a rule beyond its declaration. */
export interface PlannedRule {
  /** `domain.name` */
  readonly table: string;
  readonly code: VerdictCode;
  /** `loader-only`: no early answer at the ingress; `dropped`: it need not run. */
  readonly note: "loader-only" | "dropped";
  readonly because: string;
}

/** How a stream of a channel is read. */
export interface PlannedStream extends StreamReading {
  /** `domain.name` */
  readonly channel: string;
}

/** Nothing in a plan drops data. A plan with conflicts is not adopted. */
export interface ProjectPlan {
  readonly changes: readonly PlannedChange[];
  readonly conflicts: readonly ErrorReport[];
  readonly rules: readonly PlannedRule[];
  /** Of channels whose connector chooses how records reach the warehouse. */
  readonly streams: readonly PlannedStream[];
  /** True when nothing would change. */
  readonly empty: boolean;
}
