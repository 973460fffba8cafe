// One measured figure, and how figures come out of repeated runs.

export interface Figure {
  readonly suite: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the ratio compares with, measured in the same run. */
  readonly baseline?: string;
  readonly ratio?: number;
  readonly goal?: string;
  readonly holds?: boolean;
}

/** What the command line asks for; each suite has its own defaults. */
export interface SuiteOptions {
  readonly rows?: number;
  readonly runs?: number;
  readonly seconds?: number;
  /** Leaves out what differs from the rest in size alone. */
  readonly brief?: boolean;
}

/** Yields figures; throws when a result is not what it must be. */
export type Suite = (options: SuiteOptions) => AsyncIterable<Figure>;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The value below which this share of the values lies (nearest rank). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

export function toMiB(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

/** A subject against its baseline, both as rates; holds when the ratio reaches the goal. */
export function againstBaseline(
  figure: Pick<Figure, "suite" | "name" | "unit">,
  rates: { readonly subject: number; readonly baseline: number; readonly baselineName: string; readonly goal?: number },
): Figure {
  const ratio = rounded(rates.subject / rates.baseline);
  const goal = rates.goal === undefined ? {} : { goal: `>= ${rates.goal}`, holds: ratio >= rates.goal };
  return { ...figure, value: rounded(rates.subject), baseline: rates.baselineName, ratio, ...goal };
}
