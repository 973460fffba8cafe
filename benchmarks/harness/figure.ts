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

export interface SuiteOptions {
  readonly rows: number;
  readonly runs: number;
}

/** Yields figures; throws when a result is not what it must be. */
export type Suite = (options: SuiteOptions) => AsyncIterable<Figure>;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
