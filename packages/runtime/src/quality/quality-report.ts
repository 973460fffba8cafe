// Puts together what is known of the quality of tables: what the contracts declare, what the last batches showed, what waits in quarantine.
import {
  didYouMean,
  MillraceError,
  type ContractDefinition,
  type ProjectDefinition,
  type Severity,
  type Warehouse,
} from "@millrace/core";
import { declaredRules, type DeclaredRule } from "@millrace/quality";
import type { DomainContract } from "../contracts/contract-versions.ts";
import { contractsOf } from "../plan/adopt-tables.ts";
import { readQuarantined } from "../quarantine/quarantine-reader.ts";
import type { QuarantinedRow } from "../quarantine/quarantine.ts";
import type { ClockVerdict } from "./clock-judge.ts";
import {
  noQuarantine,
  readFailures,
  readFigures,
  readQuarantineCounts,
  readSampleRows,
  readTrends,
  type FailedRule,
  type QualityScope,
} from "./quality-reader.ts";
import type { BatchQuality, QualitySummary, RuleQuality, TableQuality } from "./quality.ts";

export interface QualityParts {
  readonly warehouse: Warehouse;
  readonly project: ProjectDefinition;
  readonly verdicts: readonly ClockVerdict[];
}

/** All tables of the project's contracts, by name. */
export async function summarizeQuality(parts: QualityParts): Promise<readonly QualitySummary[]> {
  return (await readTables(parts, contractsOf(parts.project))).map(({ rules, trend: _trend, ...table }) => ({
    ...table,
    rules: rules.length,
  }));
}

/** @throws MillraceError not-found when no contract of the project has this table */
export async function qualityOfTable(parts: QualityParts, table: string): Promise<TableQuality> {
  const contracts = contractsOf(parts.project);
  const wanted = contracts.find(({ domain, contract }) => `${domain}.${contract.name}` === table);
  if (wanted === undefined) {
    const names = contracts.map(({ domain, contract }) => `${domain}.${contract.name}`);
    throw new MillraceError(
      "not-found",
      `No contract of the project has a table ${JSON.stringify(table)}${didYouMean(table, names)}.`,
    );
  }
  const [quality] = await detailed(parts, [wanted], { domain: wanted.domain, name: wanted.contract.name });
  if (quality === undefined) throw new MillraceError("internal", `The quality of ${table} was not read.`);
  return quality;
}

/** Everything about every table: for reports. */
export function qualityOfAll(parts: QualityParts): Promise<readonly TableQuality[]> {
  return detailed(parts, contractsOf(parts.project));
}

async function detailed(
  parts: QualityParts,
  contracts: readonly DomainContract[],
  scope?: QualityScope,
): Promise<readonly TableQuality[]> {
  const tables = await readTables(parts, contracts, scope);
  const figures = await readFigures(parts.warehouse, scope);
  const rows = await readQuarantined(parts.warehouse, await readSampleRows(parts.warehouse, scope));
  const samples = Map.groupBy(rows, (row: QuarantinedRow) => row.table);
  return tables.map((one) => ({
    ...one,
    samples: samples.get(one.table) ?? [],
    figures: figures.get(one.table) ?? [],
  }));
}

async function readTables(
  { warehouse, project, verdicts }: QualityParts,
  contracts: readonly DomainContract[],
  scope?: QualityScope,
): Promise<readonly Omit<TableQuality, "samples" | "figures">[]> {
  const trends = await readTrends(warehouse, scope);
  const failures = await readFailures(warehouse, scope);
  const quarantine = await readQuarantineCounts(warehouse, scope);
  const owners = project.config.owners ?? {};
  return contracts
    .map(({ domain, contract }) => {
      const table = `${domain}.${contract.name}`;
      const trend = trends.get(table) ?? [];
      const rules = ruleQualities(contract, {
        trend,
        failed: failures.get(table) ?? [],
        verdicts: verdicts.filter((one) => one.table === table),
      });
      const last = trend.at(-1);
      return {
        table,
        ...(owners[domain] === undefined ? {} : { owner: owners[domain] }),
        passRate: passRateOf(trend),
        rules,
        failing: rules.filter((rule) => failsNow(rule, last)).map(({ code }) => code),
        quarantine: quarantine.get(table) ?? noQuarantine,
        trend,
        ...(last === undefined
          ? {}
          : { lastRun: { batch: last.batch, channel: last.channel, committedMs: last.committedMs } }),
      };
    })
    .sort((a, b) => (a.table < b.table ? -1 : 1));
}

function passRateOf(trend: readonly BatchQuality[]): number | null {
  const accepted = sum(trend, "accepted");
  const judged = accepted + sum(trend, "quarantined");
  return judged === 0 ? null : accepted / judged;
}

function failsNow({ verdict, lastFailure }: RuleQuality, last: BatchQuality | undefined): boolean {
  return verdict?.state === "fails" || (last !== undefined && lastFailure?.batch === last.batch);
}

interface Known {
  readonly trend: readonly BatchQuality[];
  readonly failed: readonly FailedRule[];
  readonly verdicts: readonly ClockVerdict[];
}

function ruleQualities(contract: ContractDefinition, known: Known): readonly RuleQuality[] {
  const declared = declaredRules(contract);
  const codes = new Set(declared.map(({ code }) => code));
  // Types and whole records are asked of every row; they are listed where something failed them.
  const others = known.failed
    .filter(({ code }) => !codes.has(code))
    .map(({ code, severity }): DeclaredRule => {
      const [, column = ""] = code.split(".");
      const columns = contract.columns.some(({ name }) => name === column) ? [column] : [];
      return { code, severity: severity as Severity, columns, text: "", judges: "rows" };
    });
  return [...declared, ...others].map((rule) => ruleQuality(rule, known));
}

function ruleQuality(rule: DeclaredRule, { trend, failed: failures, verdicts }: Known): RuleQuality {
  const failure = failures.find(({ code }) => code === rule.code);
  const verdict = verdicts.find(({ code }) => code === rule.code);
  const judged = judgedBy(rule, trend);
  const failed = Math.min(judged, rule.judges === "rows" ? (failure?.failed ?? 0) : (failure?.batches ?? 0));
  return {
    ...rule,
    judged,
    failed,
    passRate: judged === 0 ? null : 1 - failed / judged,
    ...(failure === undefined ? {} : { lastFailure: failure.last }),
    ...(verdict === undefined
      ? {}
      : { verdict: { state: verdict.state, found: verdict.found, judgedMs: verdict.judgedMs } }),
  };
}

/** Rules that reject look at every row, the others at those that passed. */
function judgedBy({ judges, severity }: DeclaredRule, trend: readonly BatchQuality[]): number {
  if (judges === "clock") return 0;
  if (judges === "batches") return trend.length;
  return severity === "reject" ? sum(trend, "received") : sum(trend, "accepted");
}

function sum(trend: readonly BatchQuality[], of: "received" | "accepted" | "quarantined"): number {
  return trend.reduce((total, batch) => total + batch[of], 0);
}
