// What crosses from the worker that runs user code to the platform: plain data, in one message, so that a contract used in two files stays one object.
import type { ErrorReport, SourceLocation } from "@millrace/core";

/** One export that Millrace understands. `value` is unchecked data: the author's file may have made it by hand. */
export interface RawExport {
  readonly file: string;
  readonly name: string;
  readonly value: { readonly kind: "contract" | "channel" | "delivery" | "project" };
}

export interface RawDomain {
  readonly name: string;
  readonly exports: readonly RawExport[];
}

export interface RawProject {
  readonly config: readonly RawExport[];
  readonly domains: readonly RawDomain[];
}

/** An error of user code as it left the worker. `report` is there when Millrace itself refused the definition. */
export interface RawFailure {
  readonly file: string;
  readonly message: string;
  readonly location?: SourceLocation;
  readonly report?: ErrorReport;
}

export type WorkerMessage =
  | { readonly kind: "importing"; readonly file: string }
  | { readonly kind: "loaded"; readonly project: RawProject }
  | { readonly kind: "failed"; readonly failure: RawFailure };
