// Cuts a span of time into windows. Neighbours share a bound, or with a granularity leave one unit between an end and the next begin.
import { addDuration, type CalendarDuration } from "./duration.ts";
import { clamp, type ClampTarget } from "./clamp.ts";

export interface WindowRules {
  /** Longest window; absent: one window. */
  readonly step?: CalendarDuration;
  /** Smallest unit of the upstream's times. */
  readonly granularity?: CalendarDuration;
  readonly clamp?: ClampTarget;
  /** A window whose begin is its end is left out. */
  readonly strict: boolean;
}

export interface Window {
  readonly start: bigint;
  readonly end: bigint;
}

/**
 * Windows from `from` to `to` in order; the last one ends at `to`. None begins before `floor`: a `from` that lies before it and a floor that is `to`
 * leave one window of one moment.
 */
export function* windowsOf(from: bigint, to: bigint, rules: WindowRules, floor = from): Generator<Window> {
  const { step, granularity } = rules;
  if (from > to || (from === to && granularity === undefined)) return;
  const lower = raised(from < floor ? floor : from, rules);
  if (lower > to || (lower === to && rules.strict)) return;
  if (step === undefined || addDuration(lower, step) >= to)
    yield { start: lower, end: granularity === undefined ? raised(to, rules) : to };
  else yield* steps({ start: lower, end: to }, step, rules);
}

function* steps({ start, end }: Window, step: CalendarDuration, rules: WindowRules): Generator<Window> {
  const { granularity } = rules;
  for (let lower = start; ;) {
    const reach = addDuration(lower, step);
    const upper = reach < end ? raised(reach, rules) : end;
    const isLast = reach >= end || upper === end;
    const first = raised(lower, rules);
    if (first >= upper) return;
    yield { start: first, end: isLast || granularity === undefined ? upper : addDuration(upper, granularity, -1) };
    if (isLast) return;
    lower = upper;
  }
}

function raised(micros: bigint, rules: WindowRules): bigint {
  return rules.clamp === undefined ? micros : clamp(micros, rules.clamp);
}
