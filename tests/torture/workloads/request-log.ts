// What an upstream gave out, record by record: nothing may be fetched more than twice, whatever dies.
import { duplicated, type Finding } from "../truth/finding.ts";

interface Fetches {
  times: number;
  /** Fetches after a death that took unsynced pages with it. */
  excused: number;
  /** Deaths by power cut before its last fetch. */
  powerCuts: number;
}

/** Records that were fetched once, twice, and more often (never but in a finding). */
export interface FetchCounts {
  readonly once: number;
  readonly twice: number;
  readonly more: number;
  /** Fetches again behind a power cut, which takes what was received and not synced. */
  readonly afterPowerCut: number;
}

export class RequestLog {
  readonly #fetches = new Map<string, Fetches>();
  #powerCuts = 0;

  /** The process has died. */
  died({ powerCut }: { readonly powerCut: boolean }): void {
    if (powerCut) this.#powerCuts += 1;
  }

  /** Records left the upstream in an answer that was complete. */
  gave(records: readonly string[]): void {
    for (const record of records) {
      const known = this.#fetches.get(record);
      const isExcused = known !== undefined && known.powerCuts < this.#powerCuts;
      this.#fetches.set(record, {
        times: (known?.times ?? 0) + 1,
        excused: (known?.excused ?? 0) + (isExcused ? 1 : 0),
        powerCuts: this.#powerCuts,
      });
    }
  }

  get counts(): FetchCounts {
    const all = [...this.#fetches.values()];
    const withoutExcused = (times: number): number => all.filter((one) => one.times - one.excused === times).length;
    const [once, twice] = [withoutExcused(1), withoutExcused(2)];
    const afterPowerCut = all.reduce((sum, { excused }) => sum + excused, 0);
    return { once, twice, more: all.length - once - twice, afterPowerCut };
  }

  findings(): readonly Finding[] {
    return [...this.#fetches]
      .filter(([, { times, excused }]) => times - excused > 2)
      .map(([record, { times }]) => duplicated(1, `${record} was fetched ${times} times`));
  }
}
