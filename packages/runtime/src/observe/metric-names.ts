// The words that explain each metric. Names follow Prometheus' conventions: base units, `_total` for counters.

const descriptions: Readonly<Record<string, string>> = {
  millrace_batches_total: "Batches committed, by channel and kind.",
  millrace_rows_total: "Rows of committed batches, by channel and outcome.",
  millrace_batch_seconds: "Time from the start of a batch to its commit, by channel.",
  millrace_batch_failures_total: "Batches that were rolled back, by channel and error code.",
  millrace_batch_conflicts_total: "Batches tried again after a conflict in the warehouse, by channel.",
  millrace_event_backlog: "Events that are in the log and not yet in a table, by channel.",
  millrace_events_total: "Events written durably, by channel.",
  millrace_events_rejected_total: "Events that were refused early, by channel.",
  millrace_event_visible_seconds: "Time from the receipt of a batch's oldest event to its commit, by channel.",
  millrace_hooks_refused_total: "Webhook requests that were not let in, by channel and error code.",
  millrace_uploads_refused_total: "Uploaded files that were refused, by channel and error code.",
  millrace_channel_failures_total: "Reads of a channel that ended in an error, by channel and error code.",
  millrace_channel_late: "1 while what a channel expects by a certain time has not come, by channel.",
  millrace_model_builds_total: "Builds of models, by model and outcome.",
  millrace_model_build_seconds: "Time of a model's build, by model.",
  millrace_delivery_requests_total: "Tries of deliveries, by delivery and outcome.",
  millrace_delivery_rows_total:
    "Rows of deliveries that were acknowledged or became dead letters, by delivery and outcome.",
  millrace_delivery_seconds: "Time of one try of a delivery, by delivery.",
  millrace_held_rows_readmitted_total: "Held rows that were re-admitted, by table.",
  millrace_rule_failing: "1 while a rule that the clock judges fails, else 0, by table and code.",
  millrace_log_trims_total: "Trims of the event log, by channel.",
  millrace_tasks_total: "Tasks executed, by kind and outcome.",
};

/** Names outside this list belong to connectors and to the server; they explain themselves. */
export function describeMetric(name: string): string {
  return descriptions[name] ?? name.replaceAll("_", " ");
}
