// What one language says and the other cannot: collected while a contract is translated, told to the person who asked for it.

export interface Loss {
  /** The part that lost something: `price`, `orders.price`, `document`. */
  readonly of: string;
  /** One sentence: what is not said any more, and what stands for it. */
  readonly what: string;
  /** Line in the file that was read; absent when a contract was written out. */
  readonly line?: number;
}

/** Adds a loss; `line` where a file was read. */
export type ReportLoss = (of: string, what: string, line?: number) => void;

export class Losses {
  readonly list: Loss[] = [];

  readonly report: ReportLoss = (of, what, line) => {
    if (this.list.some((one) => one.of === of && one.what === what && one.line === line)) return;
    this.list.push({ of, what, ...(line === undefined ? {} : { line }) });
  };
}
