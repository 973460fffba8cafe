// Bridges transform's plans to what the model runner executes.
import type { ProjectDefinition, Warehouse } from "@millrace/core";
import { modelSteps, planModels } from "@millrace/transform";
import type { PlannedModels } from "./model-plan.ts";

/** Plans the project's models against the tables that channels write. */
export async function planWithTransform(warehouse: Warehouse, project: ProjectDefinition): Promise<PlannedModels> {
  const sources = project.domains.flatMap((domain) => domain.models);
  if (sources.length === 0) return { models: [], errors: [] };
  const tables = (await warehouse.tables()).filter((table) => table.kind === "table");
  const plan = await planModels(sources, { engine: warehouse, tables });
  return {
    models: plan.models.map((model) => ({
      domain: model.domain,
      name: model.name,
      materialize: model.materialize,
      key: model.key,
      inputs: model.inputs,
      checks: model.compiledChecks,
      fingerprint: model.fingerprint,
      steps: (seen, current) => modelSteps(model, seen, current),
    })),
    errors: plan.errors,
  };
}
