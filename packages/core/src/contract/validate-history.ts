// Refuses history rules that make no sense: bands without width, windows beyond what is kept, values of persons in the history.
import type { ContractDefinition, Severity } from "./contract.ts";
import { anonymousAggregates, historyLimits, judgedByClock, type HistoryCheck } from "./history-rule.ts";

type Fail = (problem: string) => never;

/** @param fail called with a sentence about the rule */
export function validateHistory(
  contract: ContractDefinition,
  { set, severity }: { readonly set: HistoryCheck; readonly severity: Severity },
  fail: Fail,
): void {
  checkBand(set, fail);
  if (judgedByClock(set) && severity === "block")
    fail(`${set.set}() is judged by the clock, when there is no batch to block; its severity is warn`);
  if (set.set === "volume" && set.by !== undefined && set.per !== "batch")
    fail(`volume() counts by column only per batch; received per "${set.per}"`);
  if (set.set === "volume" && isPersonal(contract, set.by))
    fail(`the history would keep the values of column "${set.by}", which is personal; count by another column`);
  if (set.set !== "anomaly" || anonymousAggregates.includes(set.of)) return;
  if (isPersonal(contract, set.column))
    fail(
      `the history would keep the ${set.of} of column "${set.column}", which is personal; of such a column it keeps ${anonymousAggregates.join(", ")}`,
    );
}

function isPersonal(contract: ContractDefinition, name: string | undefined): boolean {
  return contract.columns.some((column) => column.name === name && column.pii);
}

function checkBand(set: HistoryCheck, fail: Fail): void {
  const { deviations, tail, windowDays, pointsMin, changeMin } = set;
  if ((deviations === undefined) === (tail === undefined)) fail("either deviations or tail says how wide the band is");
  if (deviations !== undefined && deviations <= 0) fail(`deviations must be above 0; received ${deviations}`);
  if (tail !== undefined && !(tail >= 0 && tail < 0.5)) fail(`tail stands from 0 to below 0.5; received ${tail}`);
  if (!isWhole(windowDays, historyLimits.windowDaysMax))
    fail(`windowDays is a whole number from 1 to ${historyLimits.windowDaysMax}; received ${windowDays}`);
  if (!isWhole(pointsMin, historyLimits.pointsMax))
    fail(`pointsMin is a whole number from 1 to ${historyLimits.pointsMax}; received ${pointsMin}`);
  if (!(changeMin >= 0)) fail(`changeMin cannot be below 0; received ${changeMin}`);
}

function isWhole(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= max;
}
