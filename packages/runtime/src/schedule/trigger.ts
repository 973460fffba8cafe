// When a timed channel works next: durations (`30s`) repeat, anything else is a cron expression in UTC.
import {
  atLocation,
  channelName,
  MillraceError,
  parseDurationMs,
  type ChannelDefinition,
  type ErrorCode,
  type Trigger,
} from "@millrace/core";
import { Cron } from "croner";

export const ON_ARRIVAL = "on-arrival";

/** The next moment after `nowMs`; undefined for triggers without a timer, and for cron expressions that never come again. */
export function nextMoment(every: Trigger, nowMs: number): number | undefined {
  if (every === ON_ARRIVAL) return undefined;
  const periodMs = parseDurationMs(every);
  if (periodMs !== undefined) return nowMs + periodMs;
  return new Cron(every, { timezone: "UTC", paused: true }).nextRun(new Date(nowMs))?.getTime();
}

/** @throws MillraceError channel-invalid, or the code of what has the trigger, with file and line */
export function validateTrigger(
  channel: Pick<ChannelDefinition, "domain" | "name" | "every" | "location">,
  { what, code }: { readonly what: string; readonly code: ErrorCode } = { what: "channel", code: "channel-invalid" },
): void {
  const every = channel.every;
  const periodMs = parseDurationMs(every);
  const fail = (problem: string): never => {
    throw new MillraceError(
      code,
      `${atLocation(channel.location)}${what} ${channelName(channel)}: every "${every}" ${problem}`,
      { hint: 'Write a duration such as "30s", a cron expression such as "0 22 * * *" (UTC), or "on-arrival".' },
    );
  };
  if (every === ON_ARRIVAL) return;
  if (periodMs !== undefined) {
    if (periodMs < 100) fail("is shorter than 100ms");
    return;
  }
  try {
    new Cron(every, { timezone: "UTC", paused: true });
  } catch (error) {
    fail(`is neither a duration nor a cron expression (${error instanceof Error ? error.message : String(error)})`);
  }
}
