// What must be done to a model, given what its last build saw of its inputs and what they are now.
import type { BuildStep, InputStates, PlannedModel } from "../model/model.ts";

/** @param seen undefined when there is no build of this fingerprint */
export function modelSteps(
  model: PlannedModel,
  seen: InputStates | undefined,
  current: InputStates,
): readonly BuildStep[] {
  if (model.materialize === "view") return seen === undefined ? [{ kind: "view", select: model.select }] : [];
  if (seen === undefined) return [{ kind: "full", select: model.select }];
  const changed = model.inputs.filter((input) => seen.get(input)?.version !== current.get(input)?.version);
  if (changed.length === 0) return [];
  return [incremental(model, seen, current, changed) ?? { kind: "full", select: model.select }];
}

function incremental(
  model: PlannedModel,
  seen: InputStates,
  current: InputStates,
  changed: readonly string[],
): BuildStep | undefined {
  const keys = model.touchedKeys;
  const [input, ...others] = changed;
  if (model.materialize !== "incremental" || keys === undefined || input !== keys.input || others.length > 0)
    return undefined;
  const before = seen.get(input);
  // Rows that were replaced or removed leave no trace to find their keys by.
  if (before === undefined || before.rewrites !== current.get(input)?.rewrites) return undefined;
  return { kind: "keys", touched: keys.touched(before.batch), select: keys.restricted(before.batch) };
}
