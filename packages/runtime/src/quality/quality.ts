// What the platform knows of the quality of its tables: pass rates, trends, failing samples, figures of history. quality-report.ts puts it together.
import type { Severity, VerdictCode } from "@millrace/core";
import type { QuarantineCounts, QuarantinedRow } from "../quarantine/quarantine.ts";

export interface RuleQuality {
  readonly code: VerdictCode;
  readonly severity: Severity;
  readonly columns: readonly string[];
  /** How it is written; empty for what every contract asks (types, records that can be read). */
  readonly text: string;
  readonly description?: string;
  readonly judges: "rows" | "batches" | "clock";
  /** Rows or batches of the trend that were judged, and that failed. Batches that a `block` rule refused are not in the trend. */
  readonly judged: number;
  readonly failed: number;
  /** From 0 to 1; null while nothing was judged. */
  readonly passRate: number | null;
  /** The last batch of the trend that something failed, and what was measured then. */
  readonly lastFailure?: { readonly batch: bigint; readonly atMs: number; readonly found?: string };
  /** Of rules that the clock judges. */
  readonly verdict?: {
    readonly state: "passes" | "fails" | "training";
    readonly found: string;
    readonly judgedMs: number;
  };
}

export interface BatchQuality {
  readonly batch: bigint;
  readonly kind: string;
  readonly channel: string;
  readonly committedMs: number;
  readonly received: number;
  readonly accepted: number;
  readonly quarantined: number;
  readonly duplicate: number;
}

/** A figure that a history rule measured, with what was usual then. */
export interface FigurePoint {
  readonly batch: bigint;
  readonly atMs: number;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly state: string;
}

export interface FigureSeries {
  readonly code: VerdictCode;
  /** Value of the column that is counted apart; empty where there is none. */
  readonly dimension: string;
  readonly points: readonly FigurePoint[];
}

export interface QualitySummary {
  /** `domain.table` */
  readonly table: string;
  readonly owner?: string;
  /** Accepted of received rows in the trend's batches, duplicates left out; null while there are none. */
  readonly passRate: number | null;
  readonly rules: number;
  /** Rules that something failed in the last batch, or that the clock says fail. */
  readonly failing: readonly VerdictCode[];
  readonly quarantine: QuarantineCounts;
  readonly lastRun?: { readonly batch: bigint; readonly channel: string; readonly committedMs: number };
}

export interface TableQuality extends Omit<QualitySummary, "rules"> {
  readonly rules: readonly RuleQuality[];
  /** The last batches, oldest first. */
  readonly trend: readonly BatchQuality[];
  /** Newest rows that wait in quarantine; personal data is hidden. */
  readonly samples: readonly QuarantinedRow[];
  readonly figures: readonly FigureSeries[];
}
