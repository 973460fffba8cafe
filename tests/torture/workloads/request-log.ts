// What an upstream gave out, record by record: nothing may be fetched more than twice, however often the process dies.
import { duplicated, type Finding } from "../truth/finding.ts";

/** Records that were fetched once, twice, and more often (never but in a finding). */
export interface FetchCounts {
  readonly once: number;
  readonly twice: number;
  readonly more: number;
}

/** A power cut takes what was received and not synced, and a second owner asks beside the first one: behind either, counting begins anew. */
export class RequestLog {
  readonly #times = new Map<string, number>();
  #before: FetchCounts = { once: 0, twice: 0, more: 0 };

  /** The process has died. */
  died({ powerCut, takeOver }: { readonly powerCut: boolean; readonly takeOver: boolean }): void {
    if (!powerCut && !takeOver) return;
    if (!takeOver) this.#before = this.counts;
    this.#times.clear();
  }

  /** Records left the upstream in an answer that was complete. */
  gave(records: readonly string[]): void {
    for (const record of records) this.#times.set(record, (this.#times.get(record) ?? 0) + 1);
  }

  get counts(): FetchCounts {
    const all = [...this.#times.values()];
    const of = (times: number): number => all.filter((one) => one === times).length;
    const { once, twice, more } = this.#before;
    return { once: once + of(1), twice: twice + of(2), more: more + all.length - of(1) - of(2) };
  }

  findings(): readonly Finding[] {
    return [...this.#times]
      .filter(([, times]) => times > 2)
      .map(([record, times]) => duplicated(1, `${record} was fetched ${times} times`));
  }
}
