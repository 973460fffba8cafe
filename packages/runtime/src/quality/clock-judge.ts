// Judges the rules that the clock decides (freshness, volume per hour or day, arrival), also when nothing arrives: a timer for the moment when the first
// verdict may change, and a look after commits for rules that do not pass. Verdicts go to status and metrics, changes of them to the notifier.
import {
  toMillraceError,
  type Clock,
  type CommitEvent,
  type Logger,
  type Metrics,
  type Notifier,
  type ProjectDefinition,
  type SqlValue,
  type Warehouse,
} from "@millrace/core";
import { clockRules, type ClockRule } from "@millrace/quality";
import { records, toBigint, toText } from "../load/sql-values.ts";
import { contractsOf } from "../plan/adopt-tables.ts";

export interface ClockJudgeParts {
  readonly warehouse: Pick<Warehouse, "query">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly notifier: Notifier;
}

/** The present verdict of a rule that the clock judges. */
export interface ClockVerdict {
  /** `domain.table` */
  readonly table: string;
  readonly code: string;
  /** `training`: not enough history yet, or nothing to judge. */
  readonly state: "passes" | "fails" | "training";
  /** What was measured, against what is usual or asked for. */
  readonly found: string;
  /** When it was judged. */
  readonly judgedMs: number;
}

interface Judged extends ClockVerdict {
  readonly nextMs: number;
}

/** After a commit, and between two passes in any case. */
const settleMs = 1_000;
const lookAgainMs = 3_600_000;
const queryTimeoutMs = 30_000;

export class ClockJudge {
  readonly #parts: ClockJudgeParts;
  #rules: readonly ClockRule[] = [];
  #verdicts = new Map<string, Judged>();
  #live = false;
  #cancel: (() => void) | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #pass: Promise<void> = Promise.resolve();

  constructor(parts: ClockJudgeParts) {
    this.#parts = parts;
  }

  adopt(project: ProjectDefinition): void {
    this.#rules = contractsOf(project).flatMap(({ domain, contract }) => clockRules(contract, domain));
    const known = new Set(this.#rules.map(keyOf));
    for (const key of this.#verdicts.keys()) if (!known.has(key)) this.#verdicts.delete(key);
    if (this.#live) this.#arm(settleMs);
  }

  /** Judges by itself from now on. */
  start(): void {
    this.#live = true;
    this.#arm(0);
  }

  heard({ tables }: CommitEvent): void {
    if (!this.#live) return;
    const changed = new Set(tables.map(({ table }) => table));
    const waits = this.#rules.some(
      (rule) => changed.has(rule.table) && this.#verdicts.get(keyOf(rule))?.state !== "passes",
    );
    if (waits) this.#arm(settleMs);
  }

  /** The present verdicts by table and code; judged now when nothing judges by itself. */
  async verdicts(): Promise<readonly ClockVerdict[]> {
    if (!this.#live) await this.#judge(() => true);
    return this.#rules.flatMap((rule) => {
      const judged = this.#verdicts.get(keyOf(rule));
      if (judged === undefined) return [];
      const { table, code, state, found, judgedMs } = judged;
      return [{ table, code, state, found, judgedMs }];
    });
  }

  async stop(): Promise<void> {
    this.#live = false;
    this.#cancel?.();
    await this.#pass;
  }

  #arm(inMs: number): void {
    const { clock } = this.#parts;
    const dueMs = clock.nowMs() + inMs;
    if (this.#rules.length === 0 || dueMs >= this.#dueMs) return;
    this.#cancel?.();
    this.#dueMs = dueMs;
    this.#cancel = clock.after(inMs, () => {
      this.#dueMs = Number.POSITIVE_INFINITY;
      this.#pass = this.#judge((judged, nowMs) => judged.state !== "passes" || judged.nextMs <= nowMs).finally(() =>
        this.#armNext(),
      );
    });
  }

  #armNext(): void {
    if (!this.#live) return;
    const next = Math.min(...[...this.#verdicts.values()].map(({ nextMs }) => nextMs));
    const waitMs = next - this.#parts.clock.nowMs();
    this.#arm(Math.min(lookAgainMs, Math.max(settleMs, Number.isFinite(waitMs) ? waitMs : lookAgainMs)));
  }

  async #judge(wanted: (judged: Judged, nowMs: number) => boolean): Promise<void> {
    const { clock, log } = this.#parts;
    for (const rule of this.#rules) {
      const before = this.#verdicts.get(keyOf(rule));
      if (before !== undefined && !wanted(before, clock.nowMs())) continue;
      try {
        await this.#judgeOne(rule, before);
      } catch (error) {
        log.warn("A rule could not be judged.", { code: rule.code, error: toMillraceError(error).toJSON() });
      }
    }
  }

  async #judgeOne(rule: ClockRule, before: Judged | undefined): Promise<void> {
    const { warehouse, clock, metrics } = this.#parts;
    const nowMs = clock.nowMs();
    const result = await warehouse.query(rule.sql(clock.nowMicros()), [], { timeoutMs: queryTimeoutMs });
    const judged = toJudged(rule, records(result)[0], nowMs);
    this.#verdicts.set(keyOf(rule), judged);
    metrics.gauge("millrace_rule_failing", judged.state === "fails" ? 1 : 0, { table: rule.table, code: rule.code });
    if ((judged.state === "fails") !== (before?.state === "fails")) this.#tell(rule, judged);
  }

  #tell({ code, table, description }: ClockRule, { state, found }: Judged): void {
    const { notifier, log } = this.#parts;
    const fails = state === "fails";
    const said = description === undefined ? "" : ` (${description})`;
    notifier
      .notify({
        severity: fails ? "warning" : "info",
        title: fails ? `${code} fails` : `${code} passes again`,
        body: `${table}${said}: ${found}`,
        groupKey: `rule:${table}:${code}`,
      })
      .catch((error: unknown) => log.error("A notice was not sent.", { code, error: toMillraceError(error).toJSON() }));
  }
}

function keyOf({ table, code }: { readonly table: string; readonly code: string }): string {
  return `${table} ${code}`;
}

function toJudged(rule: ClockRule, row: Record<string, SqlValue> | undefined, nowMs: number): Judged {
  const { table, code } = rule;
  const about = { table, code, judgedMs: nowMs };
  if (row === undefined) return { ...about, state: "training", found: "nothing to judge yet", nextMs: Infinity };
  const state = toText(row["state"]);
  const next = row["next_us"];
  return {
    ...about,
    state: state === "fails" || state === "training" ? state : "passes",
    found: toText(row["found"]),
    nextMs: next === null || next === undefined ? Infinity : Number(toBigint(next) / 1000n) + 1,
  };
}
