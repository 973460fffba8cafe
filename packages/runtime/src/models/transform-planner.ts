// Bridges transform's plans to what the model runner executes.
import type { PlannedModels } from "./model-plan.ts";

export function planWithTransform(): Promise<PlannedModels> {
  return Promise.resolve({ models: [], errors: [] });
}
