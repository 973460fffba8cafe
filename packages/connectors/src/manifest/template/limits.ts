// What one evaluation of a template may cost in memory, loop turns and calls. Not bounded: the time of a
// regular expression that backtracks, and of comparing large values.
import { PythonError } from "./python-values.ts";

/** Characters that a template may render, and that any text inside it may have. */
export const textLengthMax = 4_194_304;
/** Loop turns and calls of one evaluation. */
export const stepsMax = 1_000_000;
const itemsMax = 1_000_000;
const digitsMax = 5_000;

/** Refuses text or lists that an operator would make too large. */
export function demandLength(length: number, what: "text" | "list"): void {
  const most = what === "text" ? textLengthMax : itemsMax;
  if (length > most) throw new PythonError("LimitError", `a ${what} of ${length} is longer than ${most}`);
}

export function demandDigits(value: bigint): bigint {
  if (value.toString(16).length > digitsMax)
    throw new PythonError("LimitError", `a number has more than ${digitsMax} digits`);
  return value;
}

/** Counts the steps of one evaluation. */
export class StepBudget {
  #left = stepsMax;

  take(count = 1): void {
    this.#left -= count;
    if (this.#left < 0) throw new PythonError("LimitError", `the template takes more than ${stepsMax} steps`);
  }
}
