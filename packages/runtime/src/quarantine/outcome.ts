// Adds up what came of an action, part by part. A part may begin several times before its transaction commits.
import type { QuarantineOutcome, QuarantineRequest, QuarantineSample } from "./quarantine.ts";

interface Part {
  readonly rows: bigint;
  readonly readmitted: bigint;
  readonly failing?: readonly (readonly [code: string, rows: bigint])[];
}

const nothing: Part = { rows: 0n, readmitted: 0n };

export class Outcome {
  readonly #request: QuarantineRequest;
  readonly #table: string | undefined;
  readonly #failing = new Map<string, bigint>();
  #rows = 0n;
  #readmitted = 0n;
  #judged = false;
  #part = nothing;
  #samples: readonly QuarantineSample[] = [];

  constructor(request: QuarantineRequest, table: string | undefined) {
    this.#request = request;
    this.#table = table;
  }

  /** What earlier parts of the same action did, before the instance was interrupted. */
  goesOn(rows: bigint, readmitted: bigint): void {
    this.#rows = rows;
    this.#readmitted = readmitted;
  }

  get wantsSamples(): boolean {
    return this.#samples.length === 0;
  }

  get part(): Part {
    return this.#part;
  }

  begin(): void {
    this.#part = nothing;
  }

  count(part: Part): void {
    this.#part = part;
  }

  show(samples: readonly QuarantineSample[]): void {
    this.#samples = samples;
  }

  commit(): void {
    const { rows, readmitted, failing } = this.#part;
    this.#rows += rows;
    this.#readmitted += readmitted;
    this.#judged ||= failing !== undefined;
    for (const [code, count] of failing ?? []) this.#failing.set(code, (this.#failing.get(code) ?? 0n) + count);
  }

  report(): QuarantineOutcome {
    const { id, kind, dryRun = false } = this.#request;
    const failing = [...this.#failing].map(([code, rows]) => ({ code, rows }));
    failing.sort((a, b) => (a.rows === b.rows ? (a.code < b.code ? -1 : 1) : a.rows > b.rows ? -1 : 1));
    return {
      id,
      kind,
      dryRun,
      ...(this.#table === undefined ? {} : { table: this.#table }),
      rows: this.#rows,
      readmitted: this.#readmitted,
      ...(this.#judged ? { failing } : {}),
      ...(dryRun ? { samples: this.#samples } : {}),
    };
  }
}
