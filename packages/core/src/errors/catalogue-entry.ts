// What the catalogue says of each code.

/** `user`: the caller must change something; `transient`: trying again may work; `corrupt`: storage is damaged; `bug`: our own fault. */
export type ErrorKind = "user" | "transient" | "corrupt" | "bug";

export interface CatalogueEntry {
  readonly kind: ErrorKind;
  /** HTTP status where HTTP has a more precise word than the kind's default (user 400, transient 503, corrupt and bug 500). */
  readonly status?: number;
  readonly summary: string;
  readonly solve: string;
}
