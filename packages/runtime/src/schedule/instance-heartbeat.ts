// Tells the control store that this process lives, and keeps its history bounded. Far from the hot path: one small write per period.
import { toMillraceError, type Clock, type ControlStore, type Logger } from "@millrace/core";

export interface HeartbeatOptions {
  readonly instance: string;
  readonly control: ControlStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly everyMs: number;
}

/** Registers the instance and beats until the returned function is called, which removes it. */
export async function keepInstance(options: HeartbeatOptions): Promise<() => Promise<void>> {
  const { instance, control, clock, log, everyMs } = options;
  await control.instances.register({ id: instance, roles: ["ingest", "worker", "scheduler", "gateway"] });
  let stopped = false;
  let cancel = (): void => undefined;
  const arm = (): void => {
    if (!stopped) cancel = clock.after(everyMs, beat);
  };
  const beat = (): void => {
    control.instances
      .heartbeat(instance)
      .catch((error: unknown) => log.warn("A heartbeat failed.", { error: toMillraceError(error).toJSON() }))
      .finally(arm);
  };
  arm();
  return async () => {
    stopped = true;
    cancel();
    await control.instances.remove(instance);
  };
}
