// Plans the models of a project against the tables that its contracts describe.
import { planModels, type CatalogTable, type ModelPlan } from "@millrace/transform";
import type { ProjectDefinition, Warehouse } from "@millrace/core";

/** @param shapes tables that are not stored (in this shape) yet; they stand for stored ones of the same name */
export async function planProjectModels(
  warehouse: Warehouse,
  project: ProjectDefinition,
  shapes: readonly CatalogTable[] = [],
): Promise<ModelPlan> {
  const sources = project.domains.flatMap((domain) => domain.models);
  if (sources.length === 0) return { models: [], errors: [] };
  const stored = (await warehouse.tables()).filter((table) => table.kind === "table");
  const tables = new Map<string, CatalogTable>();
  for (const table of [...stored, ...shapes]) tables.set(`${table.domain}.${table.name}`, table);
  return planModels(sources, { engine: warehouse, tables: [...tables.values()] });
}

export function modelName(model: { readonly domain: string; readonly name: string }): string {
  return `${model.domain}.${model.name}`;
}

/** Tables whose changes an incremental model of the plan follows row by row, by `domain.name`. */
export function followedTables(plan: ModelPlan): ReadonlySet<string> {
  return new Set(plan.models.flatMap((model) => model.touchedKeys?.followed.map(({ input }) => input) ?? []));
}
