// Named places where tests may stop the process to prove that a crash there loses nothing. Costs one comparison when unused.

export type FailpointName =
  | "raw.put"
  | "log.sync"
  | "batch.staged"
  | "batch.before-commit"
  | "batch.after-commit"
  | "warehouse.checkpoint"
  | "log.trim"
  | "table.swap"
  | "delivery.sent"
  | "recovery"
  | "file.move"
  /** A page has come; nothing of it is kept. */
  | "rest.page"
  /** A slice of a stream (partition, window) begins. */
  | "rest.slice"
  /** A token endpoint has answered; its tokens are not kept yet. */
  | "token.renewed"
  /** The new tokens are kept; no request has carried them. */
  | "token.kept";

let hook: ((name: FailpointName) => void) | undefined;

/** Installs the hook that is called at each failpoint; tests use it to kill the process. Undefined removes it. */
export function setFailpointHook(next: ((name: FailpointName) => void) | undefined): void {
  hook = next;
}

export function failpoint(name: FailpointName): void {
  if (hook !== undefined) hook(name);
}
