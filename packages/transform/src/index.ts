// Public surface of @millrace/transform: turns SQL models into a plan, then into steps.
export { modelSteps } from "./incremental/model-steps.ts";
export type {
  BuildStep,
  CheckDeclaration,
  CompiledCheck,
  InputState,
  InputStates,
  Materialization,
  ModelPlan,
  PlannedModel,
} from "./model/model.ts";
export type { ColumnLineage, ColumnSource } from "./lineage/column-lineage.ts";
export type { SourceUse } from "./lineage/sources.ts";
export {
  traceLineage,
  type LineageDirection,
  type LineageStep,
  type LineageTable,
  type LineageTarget,
} from "./lineage/trace-lineage.ts";
export { planModels, type CatalogTable } from "./plan/plan-models.ts";
