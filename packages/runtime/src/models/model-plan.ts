// What the runtime needs of planned models. transform-planner.ts makes it; the other files of this folder execute it.
import type { ErrorReport, ProjectDefinition, Warehouse } from "@millrace/core";

/** State of an input when a model was built: the version it had, how often rows were changed other than by adding, and its newest batch. */
export interface InputState {
  readonly version: bigint;
  readonly rewrites: bigint;
  readonly batch: bigint;
}

/** By `domain.name`. */
export type InputStates = ReadonlyMap<string, InputState>;

/** Work on the model's own table or view, in order; no step when it is up to date. */
export type BuildStep =
  | { readonly kind: "view"; readonly select: string }
  | { readonly kind: "full"; readonly select: string }
  | { readonly kind: "keys"; readonly touched: string; readonly select: string };

export interface ModelCheck {
  readonly name: string;
  /** `block`: the build is rolled back; `warn`: it is told. */
  readonly severity: "block" | "warn";
  /** One row, one column: how many rows fail. */
  readonly count: string;
  /** Shows failing rows to a person. */
  readonly sample: string;
}

export interface PlannedModel {
  readonly domain: string;
  readonly name: string;
  readonly materialize: "view" | "table" | "incremental";
  readonly key: readonly string[];
  /** `domain.name` of what it reads. */
  readonly inputs: readonly string[];
  readonly checks: readonly ModelCheck[];
  /** Changes when the model must be built anew although its inputs did not change. */
  readonly fingerprint: string;
  /** @param seen undefined when there is no build of this fingerprint */
  steps(seen: InputStates | undefined, current: InputStates): readonly BuildStep[];
}

export interface PlannedModels {
  /** Inputs before what reads them. */
  readonly models: readonly PlannedModel[];
  /** Models that cannot be planned, by `domain.name`; with file and line. */
  readonly errors: readonly { readonly model: string; readonly error: ErrorReport }[];
}

/** Plans against the tables that the warehouse has now. */
export type ModelPlanner = (warehouse: Warehouse, project: ProjectDefinition) => Promise<PlannedModels>;

export function modelName(model: { readonly domain: string; readonly name: string }): string {
  return `${model.domain}.${model.name}`;
}
