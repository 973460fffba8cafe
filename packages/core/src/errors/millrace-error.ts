// The one error class of the platform. Every error has a code from the catalogue; its kind decides retry, exit code and HTTP status.
import { catalogue, type ErrorCode, type ErrorKind } from "./catalogue.ts";

export interface MillraceErrorOptions {
  /** The next step for the user: a command or an edit, and whether data was written. Defaults to the catalogue's advice. */
  readonly hint?: string;
  /** Facts for programs and logs. Never values of PII columns, never secrets. JSON-serialisable. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Shape of an error on the wire (HTTP bodies, `--json` output, run history). */
export interface ErrorReport {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly hint: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * A coded error. `message` names the thing, the value received and what would be valid.
 *
 * @example throw new MillraceError("port-in-use", `Port ${port} is taken by another process.`, { hint: "Start with --port 0." });
 */
export class MillraceError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, options: MillraceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "MillraceError";
    const entry = catalogue[code];
    this.code = code;
    this.kind = entry.kind;
    this.hint = options.hint ?? entry.solve;
    this.details = options.details;
  }

  /** HTTP status of this error: the catalogue's own status where HTTP has a more precise word, else by kind. */
  get status(): number {
    return httpStatus(this.code);
  }

  toJSON(): ErrorReport {
    return {
      code: this.code,
      kind: this.kind,
      message: this.message,
      hint: this.hint,
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }
}

const statusByKind: Readonly<Record<ErrorKind, number>> = { user: 400, transient: 503, corrupt: 500, bug: 500 };
const exitByKind: Readonly<Record<ErrorKind, number>> = { user: 2, transient: 75, corrupt: 74, bug: 70 };

export function httpStatus(code: ErrorCode): number {
  const entry: { kind: ErrorKind; status?: number } = catalogue[code];
  return entry.status ?? statusByKind[entry.kind];
}

/** Process exit code by kind, after BSD sysexits: 2 usage, 75 try again, 74 storage, 70 our own fault. */
export function exitCode(kind: ErrorKind): number {
  return exitByKind[kind];
}

/** Wraps anything thrown into a coded error; coded errors pass unchanged, others become `internal` with the cause kept. */
export function toMillraceError(thrown: unknown): MillraceError {
  if (thrown instanceof MillraceError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new MillraceError("internal", text, { cause: thrown });
}

/** True when `thrown` is a coded error with this code. */
export function isMillraceError(thrown: unknown, code?: ErrorCode): thrown is MillraceError {
  return thrown instanceof MillraceError && (code === undefined || thrown.code === code);
}

/** Rebuilds an error from its wire shape, as a client of a running instance does. Unknown codes become `internal`. */
export function fromErrorReport(report: ErrorReport): MillraceError {
  const code = report.code in catalogue ? report.code : "internal";
  const options = report.details === undefined ? { hint: report.hint } : { hint: report.hint, details: report.details };
  return new MillraceError(code, report.message, options);
}
