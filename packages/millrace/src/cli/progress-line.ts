// One line that shows how far long work is. Only on a terminal, and only after a moment: short work prints nothing.
import type { Progress } from "@millrace/runtime";
import { formatByteSize } from "../instance/byte-size.ts";
import type { Output } from "./io.ts";

const BAR_WIDTH = 24;
const QUIET_MS = 300;
const REDRAW_MS = 80;

export class ProgressLine {
  readonly #err: Output;
  readonly #startedMs = performance.now();
  #drawnMs = Number.NEGATIVE_INFINITY;
  #shown = false;

  constructor(err: Output) {
    this.#err = err;
  }

  show(progress: Progress): void {
    const nowMs = performance.now();
    if (this.#err.isTTY !== true || nowMs - this.#startedMs < QUIET_MS || nowMs - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = nowMs;
    this.#shown = true;
    this.#err.write(`\r\u001b[2K${progressText(progress).slice(0, (this.#err.columns ?? 80) - 1)}`);
  }

  /** Takes the line away, so that the result stands alone. */
  clear(): void {
    if (this.#shown) this.#err.write("\r\u001b[2K");
    this.#shown = false;
  }
}

/** `promotions.weekly [######------] 1,200 of 2,400 rows`; without a total only the count. */
export function progressText({ subject, done, total, unit }: Progress): string {
  const count = (value: number): string => (unit === "bytes" ? formatByteSize(value) : value.toLocaleString("en-US"));
  const suffix = unit === "bytes" ? "" : ` ${unit}`;
  if (total === undefined || total <= 0) return `${subject}  ${count(done)}${suffix}`;
  const filled = Math.round(BAR_WIDTH * Math.min(1, done / total));
  const bar = "#".repeat(filled) + "-".repeat(BAR_WIDTH - filled);
  return `${subject}  [${bar}]  ${count(done)} of ${count(total)}${suffix}`;
}
