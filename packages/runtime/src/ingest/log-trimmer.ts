// Gives the log's space back: rarely, and only behind events that are committed and archived.
import { toMillraceError, type Clock, type EventLog, type Logger, type Metrics } from "@millrace/core";

export interface LogTrimmerParts {
  readonly eventLog: EventLog;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly partition: string;
  readonly trimBytesMax: number;
  readonly trimAgeMs: number;
}

export class LogTrimmer {
  readonly #parts: LogTrimmerParts;
  #committed = 0n;
  #bytes = 0;
  #cancel: (() => void) | undefined;
  #trimming: Promise<void> | undefined;

  constructor(parts: LogTrimmerParts) {
    this.#parts = parts;
  }

  /** Everything before `offset` is in the warehouse and in the object store. Trims after enough bytes, or some time later. */
  committed(offset: bigint, bytes: number): void {
    this.#committed = offset;
    this.#bytes += bytes;
    if (this.#bytes >= this.#parts.trimBytesMax) this.#trim();
    else this.#cancel ??= this.#parts.clock.after(this.#parts.trimAgeMs, () => this.#trim());
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    await this.#trimming;
  }

  #trim(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#trimming !== undefined) return;
    const { eventLog, log, metrics, partition } = this.#parts;
    this.#bytes = 0;
    this.#trimming = eventLog.trim(partition, this.#committed).then(
      () => {
        this.#trimming = undefined;
        metrics.count("millrace_log_trims_total", 1, { channel: partition });
      },
      (error: unknown) => {
        this.#trimming = undefined;
        log.error("The event log could not be trimmed.", { partition, error: toMillraceError(error).toJSON() });
      },
    );
  }
}
