// What must be done now and then so that nothing grows for ever: finished tasks, ledger rows of event channels, results of rules, raw objects of abandoned batches, the
// warehouse's log.
import {
  historyLimits,
  toMillraceError,
  type Clock,
  type ControlStore,
  type Logger,
  type ObjectStore,
  type Warehouse,
} from "@millrace/core";
import { collectAbandoned } from "../load/abandoned-objects.ts";
import { foldLedger } from "../load/ledger-history.ts";
import { trimRuleHistory, trimRuleResults } from "../load/rule-result-history.ts";

export interface HousekeepingParts {
  readonly warehouse: Warehouse;
  readonly control: ControlStore;
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly everyMs: number;
  readonly historyMax: number;
  readonly eventLedgerRowsMax: number;
  readonly ruleResultsMax: number;
  readonly eventChannels: () => readonly string[];
  /** Commits of this process so far. */
  readonly commits: () => number;
}

/** While commits go on, the warehouse's log is written into its file only beyond this size: that makes writers wait. */
const BUSY_WAL_BYTES = 128 * 1024 * 1024;

const collection = { graceDays: 2, lookBackDays: 30, objectsMax: 10_000 };
const DAY_MS = 86_400_000;

/** Runs until the returned function is called, which waits for a running pass. */
export function keepHouse(parts: HousekeepingParts): () => Promise<void> {
  const { clock, log, everyMs } = parts;
  let stopped = false;
  let cancel = (): void => undefined;
  let pass = Promise.resolve();
  let written = parts.commits();
  let seen = written;
  let collectedDay = 0;
  const collect = async (): Promise<void> => {
    const day = Math.floor(clock.nowMs() / DAY_MS);
    if (day === collectedDay) return;
    await collectAbandoned(parts, collection);
    collectedDay = day;
  };
  const arm = (): void => {
    if (!stopped) cancel = clock.after(everyMs, start);
  };
  const start = (): void => {
    const commits = parts.commits();
    const quiet = commits === seen && commits !== written;
    seen = commits;
    pass = tidy(parts, quiet)
      .then((wrote) => {
        if (wrote) written = commits;
        return collect();
      })
      .catch((error: unknown) => log.error("Housekeeping failed.", { error: toMillraceError(error).toJSON() }))
      .finally(arm);
  };
  arm();
  return async () => {
    stopped = true;
    cancel();
    await pass;
  };
}

/** Returns true when the warehouse's log was written into its file. */
async function tidy(parts: HousekeepingParts, quiet: boolean): Promise<boolean> {
  const { warehouse, control, historyMax, eventLedgerRowsMax, ruleResultsMax, log } = parts;
  await control.retain({ finishedTasksMax: historyMax, finishedRunsMax: historyMax });
  for (const channel of parts.eventChannels()) {
    const folded = await foldLedger(warehouse, channel, { keep: eventLedgerRowsMax });
    if (folded > 0) log.info("Old event batches were folded into daily sums.", { channel, batches: folded });
  }
  await trimRuleResults(warehouse, { keep: ruleResultsMax });
  const { pointsMax: keep, windowDaysMax } = historyLimits;
  await trimRuleHistory(warehouse, { keep, oldestMs: parts.clock.nowMs() - windowDaysMax * DAY_MS });
  const { walBytes } = await warehouse.status();
  if (!quiet && walBytes < BUSY_WAL_BYTES) return false;
  await warehouse.maintain();
  return true;
}
