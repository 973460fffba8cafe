// The tables and models of a project with what fills them: what transform's lineage is followed through. Nothing is run.
import { channelName, type ProjectDefinition, type Warehouse } from "@millrace/core";
import {
  traceLineage,
  type LineageStep,
  type LineageTable,
  type LineageTarget,
  type PlannedModel,
} from "@millrace/transform";
import { contractsOf } from "./adopt-tables.ts";
import { planProjectModels } from "../models/plan-models.ts";
import { planTables } from "./plan-project.ts";

export interface LineageReport {
  /** What the target comes from; channels are the ends. */
  readonly up: LineageStep;
  /** What depends on the target. */
  readonly down: LineageStep;
}

/** @throws MillraceError not-found; model-invalid and the like when a model that is asked for cannot be planned */
export async function projectLineage(
  warehouse: Warehouse,
  project: ProjectDefinition,
  target: LineageTarget,
): Promise<LineageReport> {
  const { tables } = await lineageOf(warehouse, project);
  return { up: traceLineage(tables, target, "up"), down: traceLineage(tables, target, "down") };
}

/** Tables and models with what fills them, and the models as they are planned; models that cannot be planned are left out. */
export async function lineageOf(
  warehouse: Warehouse,
  project: ProjectDefinition,
): Promise<{ readonly tables: readonly LineageTable[]; readonly models: readonly PlannedModel[] }> {
  const { shapes } = await planTables(warehouse, project);
  const { models } = await planProjectModels(warehouse, project, shapes);
  const tables: LineageTable[] = [
    ...tablesOf(project),
    ...models.map((model) => ({
      name: `${model.domain}.${model.name}`,
      kind: "model" as const,
      columns: model.columns.map((column) => column.name),
      channels: [],
      inputs: model.inputs,
      lineage: model.lineage,
    })),
  ];
  return { tables, models };
}

function tablesOf(project: ProjectDefinition): readonly LineageTable[] {
  const channels = project.domains.flatMap((domain) => domain.channels);
  return contractsOf(project).map(({ domain, contract }) => ({
    name: `${domain}.${contract.name}`,
    kind: "table",
    columns: contract.columns.map((column) => column.name),
    channels: channels
      .filter(({ outputs }) => outputs.some((out) => out.domain === domain && out.contract.name === contract.name))
      .map((channel) => ({ name: channelName(channel), connector: channel.connector })),
    inputs: [],
  }));
}
