// The state of a project as one answer: contracts, models, lineage and quality. What a static report is made from.
import type { ContractDefinition, ModelSource, ResultColumn } from "@millrace/core";
import type { LineageTable } from "@millrace/transform";
import { lineageOf } from "../plan/project-lineage.ts";
import { contractsOf } from "../plan/adopt-tables.ts";
import { qualityOfAll, type QualityParts } from "./quality-report.ts";
import type { TableQuality } from "./quality.ts";

export interface ReportedModel {
  /** `domain.model` */
  readonly name: string;
  readonly materialize: string;
  readonly columns: readonly Pick<ResultColumn, "name" | "engineType">[];
  /** The author's file. */
  readonly text: string;
}

export interface ProjectReport {
  readonly project: string;
  /** In the order of `quality`. */
  readonly contracts: readonly ContractDefinition[];
  readonly quality: readonly TableQuality[];
  readonly models: readonly ReportedModel[];
  /** Tables and models with what fills them. */
  readonly lineage: readonly LineageTable[];
}

/** The same state gives the same report: what only the clock judges is left out. */
export async function reportProject(parts: Omit<QualityParts, "verdicts">): Promise<ProjectReport> {
  const { project, warehouse } = parts;
  const { tables, models } = await lineageOf(warehouse, project);
  const contracts = new Map(
    contractsOf(project).map(({ domain, contract }) => [`${domain}.${contract.name}`, contract]),
  );
  const quality = await qualityOfAll({ ...parts, verdicts: [] });
  const sources = new Map(
    project.domains.flatMap((domain) => domain.models).map((model) => [nameOf(model), model.text]),
  );
  return {
    project: project.config.name,
    contracts: quality.flatMap(({ table }) => {
      const contract = contracts.get(table);
      if (contract === undefined) return [];
      const { location: _location, ...definition } = contract;
      return [definition];
    }),
    quality,
    models: models.map((model) => ({
      name: nameOf(model),
      materialize: model.materialize,
      columns: model.columns.map(({ name, engineType }) => ({ name, engineType })),
      text: sources.get(nameOf(model)) ?? "",
    })),
    lineage: tables,
  };
}

function nameOf({ domain, name }: Pick<ModelSource, "domain" | "name">): string {
  return `${domain}.${name}`;
}
