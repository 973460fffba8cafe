// Time as a port: nothing in Millrace reads the machine's clock except through it, so that simulations can own time.

export interface Clock {
  /** Milliseconds since the epoch; may jump. For stamps, never for measuring. */
  nowMs(): number;
  /** Microseconds since the epoch; may jump. */
  nowMicros(): bigint;
  /** Monotonic milliseconds with fractions; never jumps. For durations and deadlines. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. Does not keep an otherwise finished process alive. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls once after `ms`; returns a function that cancels it. */
  after(ms: number, call: () => void): () => void;
}

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Lower-case UUID; version 7, so identifiers sort by creation. */
  uuid(): string;
  /** Unpredictable bytes for tokens. */
  bytes(length: number): Uint8Array;
}
