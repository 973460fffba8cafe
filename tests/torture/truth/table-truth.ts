// What a table must hold: the part that units (appended, replaced) and keys (merged) have in common.
import type { Scalar } from "../process/messages.ts";
import type { Finding } from "./finding.ts";

/** Rows of a statement whose columns are no lists or structs. */
export type Query = (sql: string) => Promise<readonly (readonly Scalar[])[]>;

export interface TableName {
  readonly domain: string;
  readonly name: string;
  /** Compared by hash. */
  readonly columns: readonly string[];
}

/** `after-death`: what was sent may be missing, but what was visible once must stay, and nothing may be there twice or in part. `end`: all of it. */
export type Moment = "after-death" | "end";

export interface TableTruth extends TableName {
  check(query: Query, moment: Moment): Promise<readonly Finding[]>;
  /** Ids of rows that must stand open in quarantine at the end. */
  openBad(): ReadonlySet<string>;
  /** Rows that the sender knows to be received: what all is lost when nothing can be read any more. */
  readonly acknowledgedRows: number;
  /** True when each committed batch's accepted rows stay in the table under its number. */
  readonly keepsBatches: boolean;
}

export function sqlName({ domain, name }: Pick<TableName, "domain" | "name">): string {
  return `${domain}.${name}`;
}
