// What must be done to a model, given what its last build saw of its inputs and what they are now. Steps are data; runtime runs them in one transaction.
import type { BuildStep, InputStates, PlannedModel, TouchedKeys } from "../model/model.ts";
import { quoteName, quoteTable } from "../sql/dialect.ts";
import { newRows, restricted, touchedBy } from "./key-statements.ts";

/**
 * `seen` and `current` must be read in the transaction that runs the steps; after it, `current` is what the model has seen. Empty when there is nothing
 * to do.
 *
 * @param seen undefined when there is no build of this fingerprint
 */
export function modelSteps(
  model: PlannedModel,
  seen: InputStates | undefined,
  current: InputStates,
): readonly BuildStep[] {
  if (model.materialize === "view") return seen === undefined ? [{ kind: "view", select: model.select }] : [];
  if (seen === undefined) return [{ kind: "full", select: model.select }];
  const changed = model.inputs.filter((input) => seen.get(input)?.version !== current.get(input)?.version);
  if (changed.length === 0) return [];
  return [recomputeKeys(model, seen, current, changed) ?? { kind: "full", select: model.select }];
}

function recomputeKeys(
  model: PlannedModel,
  seen: InputStates,
  current: InputStates,
  changed: readonly string[],
): BuildStep | undefined {
  const keys = model.touchedKeys;
  if (model.materialize !== "incremental" || keys === undefined) return undefined;
  const since = new Map<string, bigint>();
  for (const input of changed) {
    const batch = lastSeenBatch(input, seen, current);
    if (batch === undefined || !keys.followed.some((one) => one.input === input)) return undefined;
    since.set(input, batch);
  }
  const touched = touchedSince(keys, since);
  return { kind: "keys", touched, select: restricted(keys, standIns(keys), `SELECT * FROM (${touched}) AS touched`) };
}

/**
 * The batch after which every change of the input is a new row. Undefined when rows were replaced or removed, which leave no trace to find their keys by,
 * or when the input changed without a higher batch.
 */
function lastSeenBatch(input: string, seen: InputStates, current: InputStates): bigint | undefined {
  const [before, now] = [seen.get(input), current.get(input)];
  if (before === undefined || now === undefined || before.rewrites !== now.rewrites) return undefined;
  return now.batch > before.batch ? before.batch : undefined;
}

/** A SELECT of the keys that rows after these batches touch: one part for each place where a changed table is read, the others as they are now. */
function touchedSince(keys: TouchedKeys, since: ReadonlyMap<string, bigint>): string {
  const parts = keys.followed.flatMap(({ input, statement }) => {
    const batch = since.get(input);
    if (batch === undefined) return [];
    const added = `${newRows} AS NOT MATERIALIZED (SELECT * FROM ${quoteTable(input)} WHERE ${quoteName("_batch")} > ${batch})`;
    return [`(WITH ${[...standIns(keys), added].join(", ")} ${touchedBy(keys, statement)})`];
  });
  return parts.join(" UNION ");
}

function standIns(keys: TouchedKeys): readonly string[] {
  return keys.standIns.map(
    ({ table, standIn }) => `${standIn} AS NOT MATERIALIZED (SELECT * FROM ${quoteTable(table)})`,
  );
}
