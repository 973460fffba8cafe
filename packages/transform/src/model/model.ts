// A model as the author wrote it, and as it is planned: what runtime executes.
import type { ErrorReport, ResultColumn } from "@millrace/core";
import type { ColumnLineage } from "../lineage/column-lineage.ts";

export type Materialization = "view" | "table" | "incremental";
export type Severity = "block" | "warn";

/** A declared expectation on the rows of a model. */
export type CheckDeclaration = { readonly severity: Severity; readonly name: string; readonly line: number } & (
  | { readonly kind: "not_null"; readonly column: string }
  | { readonly kind: "unique"; readonly columns: readonly string[] }
  | { readonly kind: "accepted_values"; readonly column: string; readonly values: readonly string[] }
  /** A SELECT of the failing rows. */
  | { readonly kind: "sql"; readonly sql: string }
);

export interface ModelConfig {
  readonly materialize: Materialization;
  readonly key: readonly string[];
  readonly checks: readonly CheckDeclaration[];
  readonly description?: string;
}

/** Front matter and statement of one file. */
export interface ParsedModel {
  readonly config: ModelConfig;
  readonly sql: string;
  /** Line of the file where the statement begins, from 1. */
  readonly sqlLine: number;
  /** Line of the file where `key` stands; of its beginning when there is none. */
  readonly keyLine: number;
}

/** State of an input at a build: its version, how often rows changed in ways that leave no trace, and its newest batch. */
export interface InputState {
  readonly version: bigint;
  readonly rewrites: bigint;
  readonly batch: bigint;
  /**
   * Where rows that left the input are kept: a quoted relation with its columns and `_replaced_by`, which holds every row that left in a batch after
   * `since` and after the last change of `rewrites`. Absent where none has left since.
   */
  readonly replaced?: { readonly relation: string; readonly since: bigint };
}

/** By `domain.name`. */
export type InputStates = ReadonlyMap<string, InputState>;

export type BuildStep =
  | { readonly kind: "view"; readonly select: string }
  | { readonly kind: "full"; readonly select: string }
  /** Recompute the rows of the keys that `touched` selects. */
  | { readonly kind: "keys"; readonly touched: string; readonly select: string };

/** A check compiled to SQL. */
export interface CompiledCheck {
  readonly name: string;
  readonly severity: Severity;
  /** One row, one column: how many rows fail. */
  readonly count: string;
  /** Shows failing rows to a person. */
  readonly sample: string;
}

/** How an incremental model finds what new rows of its inputs touch, and recomputes that: plain data, see incremental/key-statements.ts. */
export interface TouchedKeys {
  readonly key: readonly string[];
  /** All columns of the model, in order. */
  readonly columns: readonly string[];
  /** Names that stand for the inputs in the statements. */
  readonly standIns: readonly { readonly table: string; readonly standIn: string }[];
  /** Places where an input is read whose new rows can be followed, each with the statement over new rows there. */
  readonly followed: readonly { readonly input: string; readonly statement: string }[];
  /** Inputs whose changes mean a full build, and why. */
  readonly fullFor: readonly { readonly input: string; readonly because: string }[];
  /** The model's statement, reading restricted scans where `pushed` has them. */
  readonly recompute: string;
  readonly pushed: readonly PushedKeys[];
}

/** A followed table whose scan is restricted to rows of touched keys. */
export interface PushedKeys {
  readonly standIn: string;
  /** How the author's expressions call the table. */
  readonly alias: string;
  readonly keys: readonly { readonly column: string; readonly expression: string }[];
}

export interface PlannedModel extends ModelConfig {
  readonly domain: string;
  readonly name: string;
  readonly file: string;
  /** The statement with every table in full. */
  readonly select: string;
  /** `domain.name` of what it reads, sorted. */
  readonly inputs: readonly string[];
  readonly columns: readonly ResultColumn[];
  readonly lineage: ColumnLineage;
  readonly compiledChecks: readonly CompiledCheck[];
  /** Hash of statement, configuration and the shapes of the inputs. */
  readonly fingerprint: string;
  /** Absent where an incremental model must be built in full each time; then `fullBecause` says why. */
  readonly touchedKeys?: TouchedKeys;
  readonly fullBecause?: string;
}

export interface ModelPlan {
  /** Inputs before what reads them. */
  readonly models: readonly PlannedModel[];
  /** Models that cannot be planned; with file and line. */
  readonly errors: readonly { readonly model: string; readonly error: ErrorReport }[];
}
