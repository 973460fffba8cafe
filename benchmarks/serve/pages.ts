// The pages that the serve suite asks for, as each side addresses them. Every page has 100 rows.

export type Side = "millrace" | "bare";

export interface PageRange {
  /** Rows of the table. */
  readonly rows: number;
  /** Number of the first page; each number begins at another row. */
  readonly first: number;
  readonly count: number;
}

/** Numbers that a page looks at: a quarter of them is of its kind. */
const lookedAt = 2_000;
/** Spreads neighbouring pages over the table. */
const stride = 7_919;

/** How many pages differ. */
export function pagesMax(rows: number): number {
  return rows - lookedAt;
}

export function pathsOf(side: Side, { rows, first, count }: PageRange): readonly string[] {
  return Array.from({ length: count }, (_none, at) => {
    const from = 1 + (((first + at) * stride) % pagesMax(rows));
    return side === "bare"
      ? `/page?kind=view&from=${from}&to=${from + lookedAt}`
      : `/data/bench/appended?kind=eq.view&event_id=gte.${from}&event_id=lt.${from + lookedAt}&order=event_id.asc&limit=100`;
  });
}
