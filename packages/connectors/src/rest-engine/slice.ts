// What one walk through pages is about: a partition (of a list, or of a parent's records) and a window of the cursor. Made by partitioners and
// cursors, read by requests.

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

/** Everything that is read with one sequence of pages. */
export interface StreamSlice {
  /** Identity of the partition: values by field; a parent's own partition stands under `parent_slice`. Empty when the stream has no partitions. */
  readonly partition: Fields;
  /** Bounds that the cursor sets, written as the upstream wants them: `start_time`, `end_time`, or the names that the cursor gives them. */
  readonly window: Fields;
  /** Further values that requests may use (extra fields of a parent, properties to ask for); never part of a state. */
  readonly extra: Fields;
}

/** A page's place, as JSON that a cursor of the ledger can keep; undefined for the first page of paginators without an initial value. */
export type PageToken = unknown;

/** What the parts of a request are made from. */
export interface RequestContext {
  readonly slice: StreamSlice;
  readonly token: PageToken;
}
