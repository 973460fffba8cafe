// Ends a transaction on purpose without a trace: after a trial, or when nothing would change.
import { MillraceError } from "@millrace/core";

class RollBack extends Error {
  override readonly name = "RollBack";
}

/** To be called inside Warehouse.write. */
export function rollBack(): never {
  throw new RollBack("rolled back on purpose");
}

/** Warehouses may wrap what the work threw. */
export function wasRolledBack(error: unknown): boolean {
  if (error instanceof RollBack) return true;
  return error instanceof MillraceError && error.cause !== undefined && wasRolledBack(error.cause);
}
