// A contract of ours in the language of another system, with what that cannot say.
import type { ContractDefinition } from "@millrace/core";
import { exportAvro } from "./avro/export-avro.ts";
import { Losses, type Loss } from "./document/loss.ts";
import { exportJsonSchema } from "./json-schema/export-json-schema.ts";
import { exportOdcs } from "./odcs/export-odcs.ts";
import { exportTypes } from "./typescript/export-types.ts";

export const exportFormats = ["odcs", "json-schema", "avro", "typescript"] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ExportedContract {
  readonly text: string;
  readonly losses: readonly Loss[];
}

export async function exportContract(
  contract: ContractDefinition,
  domain: string,
  format: ExportFormat,
): Promise<ExportedContract> {
  const losses = new Losses();
  const text = await written(contract, domain, format, losses);
  return { text, losses: losses.list };
}

async function written(
  contract: ContractDefinition,
  domain: string,
  format: ExportFormat,
  losses: Losses,
): Promise<string> {
  switch (format) {
    case "odcs":
      return exportOdcs(contract, domain);
    case "json-schema":
      return exportJsonSchema(contract, domain, losses.report);
    case "avro":
      return exportAvro(contract, domain, losses.report);
    case "typescript":
      return exportTypes(contract, domain, losses.report);
  }
}
