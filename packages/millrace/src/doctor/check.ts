// What a check of `millrace doctor` found.

export interface Finding {
  readonly check: string;
  /** `warn`: works, but look at it; `fail`: data or work is in danger; `skip`: could not be looked at, and why. */
  readonly state: "ok" | "warn" | "fail" | "skip";
  readonly detail: string;
  /** The next step; only where something is not well. */
  readonly hint?: string;
}
