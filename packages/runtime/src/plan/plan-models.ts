// The models' part of a project plan: what is new, what must be built anew, what is gone, what cannot be planned.
import type { Warehouse } from "@millrace/core";
import type { ModelPlan } from "@millrace/transform";
import { modelName } from "../models/plan-models.ts";
import { builtModels } from "../models/model-store.ts";
import type { PlannedChange } from "./project-plan.ts";

export async function planModelChanges(
  warehouse: Warehouse,
  { models, errors }: ModelPlan,
): Promise<readonly PlannedChange[]> {
  const built = await builtModels(warehouse);
  const changes = models.flatMap((model): PlannedChange[] => {
    const name = modelName(model);
    const last = built.get(name);
    if (last === undefined)
      return [{ action: "create", subject: "model", name, summary: `model ${name} is built for the first time` }];
    if (last.fingerprint === model.fingerprint) return [];
    return [{ action: "rebuild", subject: "model", name, summary: `model ${name} has changed and is built anew` }];
  });
  const names = new Set([...models.map(modelName), ...errors.map(({ model }) => model)]);
  const gone = [...built.keys()].filter((name) => !names.has(name));
  return [
    ...changes,
    ...errors.map(({ model, error }): PlannedChange => ({
      action: "conflict",
      subject: "model",
      name: model,
      summary: error.message,
      error,
    })),
    ...gone.map((name): PlannedChange => ({
      action: "retire",
      subject: "model",
      name,
      summary: `model ${name} is no longer in the project; its table stays as it is`,
    })),
  ];
}
