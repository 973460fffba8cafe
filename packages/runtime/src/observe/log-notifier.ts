// The embedded default of the Notifier port: notices are lines of the log.
import type { Logger, Notice, Notifier } from "@millrace/core";

export function logNotifier(log: Logger): Notifier {
  return {
    notify({ severity, title, body, groupKey }: Notice) {
      const level = severity === "warning" ? "warn" : severity;
      log[level](title, { notice: body, groupKey });
      return Promise.resolve();
    },
  };
}
