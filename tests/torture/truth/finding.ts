// What a check found. The sums over all findings are the result of a run.

export interface Finding {
  /** `lost` and `duplicated` count rows, `partial` batches that are half visible and models that disagree with their base. */
  readonly kind: "lost" | "duplicated" | "partial";
  readonly count: number;
  readonly what: string;
}

export const lost = (count: number, what: string): Finding => ({ kind: "lost", count, what });
export const duplicated = (count: number, what: string): Finding => ({ kind: "duplicated", count, what });
export const partial = (count: number, what: string): Finding => ({ kind: "partial", count, what });
