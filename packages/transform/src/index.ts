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
export { planModels, type CatalogTable } from "./plan/plan-models.ts";
