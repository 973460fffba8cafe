// A contract file of another system as contracts of ours: finds out what it is, reads it, and proves the result before anyone sees it.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { MillraceError, validateContract, type Clock, type ColumnCheck, type ContractDefinition } from "@millrace/core";
import { describeRules, unknownToWarehouse } from "@millrace/quality";
import { importAvro } from "./avro/import-avro.ts";
import { importDbt } from "./dbt/import-dbt.ts";
import { isFields, readLocated, type LocatedFile } from "./document/located.ts";
import { Losses, type Loss, type ReportLoss } from "./document/loss.ts";
import { importJsonSchema } from "./json-schema/import-json-schema.ts";
import { importOdcs } from "./odcs/import-odcs.ts";
import { importZod } from "./zod/read-zod.ts";

export const importFormats = ["odcs", "json-schema", "avro", "zod", "dbt"] as const;
export type ImportFormat = (typeof importFormats)[number];

export interface ImportedContracts {
  readonly format: ImportFormat;
  readonly contracts: readonly ContractDefinition[];
  readonly losses: readonly Loss[];
}

export interface ContractSource {
  /** Absolute. */
  readonly path: string;
  /** How messages name the file. */
  readonly shown: string;
  /** Absent: the file tells by its own words. */
  readonly format?: ImportFormat;
  /** For the deadline of a module's code. */
  readonly clock: Clock;
}

/** @throws MillraceError contract-file-invalid, contract-invalid, both with file and line */
export async function importContracts({ path, shown, format, clock }: ContractSource): Promise<ImportedContracts> {
  const losses = new Losses();
  const asCode = format === "zod" || (format === undefined && /\.[cm]?[jt]s$/.test(path));
  if (asCode) {
    const contracts = await importZod({ path, shown, clock }, losses.report);
    return { format: "zod", contracts: contracts.map((one) => proven(one, losses.report)), losses: losses.list };
  }
  const file = readLocated(await textOf(path, shown), shown);
  const found = format ?? formatOf(file);
  const contracts = read(file, found, path, losses.report);
  return { format: found, contracts: contracts.map((one) => proven(one, losses.report)), losses: losses.list };
}

function read(
  file: LocatedFile,
  format: ImportFormat,
  path: string,
  report: ReportLoss,
): readonly ContractDefinition[] {
  switch (format) {
    case "odcs":
      return importOdcs(file, report);
    case "avro":
      return [importAvro(file, report)];
    case "dbt":
      return importDbt(file, report);
    default:
      return [importJsonSchema(file, basename(path).replace(/(?:\.schema)?\.[^.]+$/, ""), report)];
  }
}

/** What the file says it is. */
function formatOf(file: LocatedFile): Exclude<ImportFormat, "zod"> {
  const { root } = file;
  if (isFields(root)) {
    if (root["kind"] === "DataContract" || root["apiVersion"] !== undefined) return "odcs";
    if (root["type"] === "record") return "avro";
    if (root["$schema"] !== undefined || root["properties"] !== undefined || root["$ref"] !== undefined)
      return "json-schema";
    if (["models", "sources", "seeds", "snapshots"].some((key) => Array.isArray(root[key]))) return "dbt";
  }
  throw file.invalid(`what it is cannot be told; say it with --as, one of ${importFormats.join(", ")}`);
}

async function textOf(path: string, shown: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError("contract-file-invalid", `${shown}: the file cannot be read: ${why}.`, {
      details: { file: shown },
      cause,
    });
  }
}

/** The contract without patterns that the warehouse does not know, which other systems allow. @throws MillraceError contract-invalid */
function proven(contract: ContractDefinition, report: ReportLoss): ContractDefinition {
  const columns = contract.columns.map((column) => {
    const checks = column.checks.filter((check) => {
      const problem = patternProblem(check);
      if (problem !== undefined) report(`${contract.name}.${column.name}`, `the pattern ${problem}; it is left out`);
      return problem === undefined;
    });
    return { ...column, checks: withOwnNames(checks) };
  });
  const whole = { ...contract, columns };
  validateContract(whole);
  describeRules(whole);
  return whole;
}

function patternProblem(check: ColumnCheck): string | undefined {
  if (check.check !== "pattern" && check.check !== "notPattern") return undefined;
  const foreign = unknownToWarehouse(check.pattern);
  if (foreign !== undefined) return `${check.pattern} uses ${foreign}, which the warehouse does not know`;
  try {
    new RegExp(check.pattern.replace(/^\(\?[ims]+\)/, ""), "u");
    return undefined;
  } catch {
    return `${check.pattern} is no regular expression`;
  }
}

/** A second check of one kind needs a name, because its code has one. */
function withOwnNames(checks: readonly ColumnCheck[]): readonly ColumnCheck[] {
  const taken = new Set<string>();
  return checks.map((check) => {
    const wanted = check.name ?? check.check;
    let own = wanted;
    for (let count = 2; taken.has(own); count += 1) own = `${wanted}_${count}`;
    taken.add(own);
    return own === wanted ? check : { ...check, name: own };
  });
}
