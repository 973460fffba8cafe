// Tests of rules and models as data: rows in, rows out. `millrace test` reads them from files; run-row-tests.ts carries them out.
import type { ErrorReport, VerdictCode } from "@millrace/core";

/** A record by field (of a contract) or by column (of a table or model). */
export type TestRow = Readonly<Record<string, unknown>>;

interface Case {
  readonly domain: string;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** Mock rows of other tables and models, by `domain.name`; those without any are empty or built from what they read. */
  readonly tables: Readonly<Record<string, readonly TestRow[]>>;
}

/** Records through a contract. */
export interface ContractTest extends Case {
  readonly kind: "contract";
  readonly contract: string;
  readonly given: readonly TestRow[];
  readonly expect: {
    /** Codes by the number of the row, from 1. Rows that stand neither here nor in `held` must be accepted. */
    readonly rejected: Readonly<Record<string, readonly VerdictCode[]>>;
    /** Numbers of rows that wait for a parent. */
    readonly held: readonly number[];
    /** The accepted rows in order, with the columns that matter. */
    readonly accepted?: readonly TestRow[];
    /** The code of the error that refuses all of them. */
    readonly error?: string;
  };
}

/** Rows of tables through the statement of a model. */
export interface ModelTest extends Case {
  readonly kind: "model";
  readonly model: string;
  readonly expect: {
    /** With the columns that matter. */
    readonly rows: readonly TestRow[];
    /** The order of the rows matters. */
    readonly ordered: boolean;
  };
}

export type RowTest = ContractTest | ModelTest;

export interface RowTestResult {
  readonly name: string;
  /** `domain.name` of the contract or model. */
  readonly subject: string;
  readonly file: string;
  readonly line: number;
  readonly passed: boolean;
  /** What differs, line by line, for people. */
  readonly differences: readonly string[];
  /** The test itself could not be carried out. */
  readonly error?: ErrorReport;
  readonly elapsedMs: number;
}
