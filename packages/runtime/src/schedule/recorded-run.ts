// Keeps the history of what people asked for (finite runs, replays) in the control store.
import { toMillraceError, type ControlStore, type Logger } from "@millrace/core";

export interface RecordedRunParts {
  readonly control: ControlStore;
  readonly log: Logger;
}

/** Runs `work` and records how it ended. A history that cannot be written is told in the log and changes nothing. */
export async function recordedRun<T>(
  { control, log }: RecordedRunParts,
  run: { readonly kind: string; readonly subject: string; readonly summary: (result: T) => unknown },
  work: () => Promise<T>,
): Promise<T> {
  const id = await control.runs.start({ kind: run.kind, subject: run.subject }).catch((error: unknown) => {
    log.warn("A run could not be recorded.", { ...run, error: toMillraceError(error).toJSON() });
  });
  const finish = async (outcome: Parameters<ControlStore["runs"]["finish"]>[1]): Promise<void> => {
    if (typeof id !== "string") return;
    await control.runs.finish(id, outcome).catch((error: unknown) => {
      log.warn("The end of a run could not be recorded.", { id, error: toMillraceError(error).toJSON() });
    });
  };
  try {
    const result = await work();
    await finish({ state: "done", summary: run.summary(result) });
    return result;
  } catch (thrown) {
    const error = toMillraceError(thrown);
    await finish({ state: error.code === "cancelled" ? "cancelled" : "failed", error: error.toJSON() });
    throw error;
  }
}
