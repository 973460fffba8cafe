// Tells a person. The embedded default writes to the log.

export interface Notice {
  readonly severity: "info" | "warning" | "error";
  readonly title: string;
  readonly body: string;
  /** Notices with the same key are grouped. */
  readonly groupKey: string;
}

export interface Notifier {
  notify(notice: Notice): Promise<void>;
}
