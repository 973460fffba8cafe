// Prints an error as message and hint, or as JSON, and turns its kind into the exit code.
import { exitCode, stringifyExact, toMillraceError, type MillraceError } from "@millrace/core";
import type { Output } from "./io.ts";

/** Ctrl-C, as shells report it: 128 + SIGINT. */
const EXIT_CANCELLED = 130;

/** @returns the process' exit code: 2 user, 75 try again, 74 storage, 70 our own fault, 130 cancelled */
export function reportError(thrown: unknown, { err, json }: { readonly err: Output; readonly json: boolean }): number {
  const error = toMillraceError(thrown);
  if (json) err.write(`${stringifyExact({ error: error.toJSON() })}\n`);
  else err.write(errorText(error));
  return error.code === "cancelled" ? EXIT_CANCELLED : exitCode(error.kind);
}

/** For people. Faults of our own show the stack, so that a report can name the place. */
export function errorText(error: MillraceError): string {
  const cause = error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : undefined;
  const detail = error.kind === "bug" && cause !== undefined ? `${cause}\n` : "";
  return `error [${error.code}]: ${error.message}\n  hint: ${error.hint}\n${detail}`;
}
