// Bytes on their way to becoming an object: what a channel has received and not handed over yet, so that nobody has to send it twice.

/**
 * Grows part by part, each with a note of its owner. Guarantees: a part whose `append` has resolved outlives the process, and comes back whole or not at
 * all. A power cut may take the last parts. Errors: storage-failed, storage-full.
 */
export interface Spool extends AsyncDisposable {
  /** Notes of all parts, in order; of those that an earlier process left too. */
  readonly notes: readonly string[];
  /** Bytes of all parts. */
  readonly bytes: number;
  append(content: readonly Uint8Array[], note: string): Promise<void>;
  /** Content of all parts, in order. */
  content(): AsyncIterable<Uint8Array>;
  /** Keeps so many parts from the first one on. */
  truncate(parts: number): Promise<void>;
}
