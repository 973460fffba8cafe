// What must be done to a model, given what its last build saw of its inputs and what they are now. Steps are data; runtime runs them in one transaction.
import type { BuildStep, InputState, InputStates, PlannedModel, TouchedKeys } from "../model/model.ts";
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
  const since = new Map<string, Since>();
  for (const input of changed) {
    const last = lastSeen(input, seen, current);
    if (last === undefined || !keys.followed.some((one) => one.input === input)) return undefined;
    since.set(input, last);
  }
  const touched = touchedSince(keys, since);
  return { kind: "keys", touched, select: restricted(keys, standIns(keys), `SELECT * FROM (${touched}) AS touched`) };
}

/** The last batch that a build has seen of an input, and where the rows are that left since. */
interface Since {
  readonly batch: bigint;
  readonly replaced?: InputState["replaced"];
}

/** Undefined when rows changed and left no trace to find their keys by, or when the input changed without a higher batch. */
function lastSeen(input: string, seen: InputStates, current: InputStates): Since | undefined {
  const [before, now] = [seen.get(input), current.get(input)];
  if (before === undefined || now === undefined || before.rewrites !== now.rewrites) return undefined;
  if (now.batch <= before.batch || before.batch < (now.replaced?.since ?? 0n)) return undefined;
  return { batch: before.batch, replaced: now.replaced };
}

/**
 * A SELECT of the keys that rows touch which came or left after these batches: one part for each place where a changed table is read. At the other
 * places stand the rows that are there now and those that left meanwhile, because a row that left had its results together with them.
 */
function touchedSince(keys: TouchedKeys, since: ReadonlyMap<string, Since>): string {
  const all = keys.standIns.map(({ table, standIn }) =>
    relation(standIn, `SELECT * FROM ${quoteTable(table)}${left(since.get(table))}`),
  );
  const parts = keys.followed.flatMap(({ input, statement }) => {
    const last = since.get(input);
    if (last === undefined) return [];
    const came = `SELECT * FROM ${quoteTable(input)} WHERE ${quoteName("_batch")} > ${last.batch}`;
    return [`(WITH ${[...all, relation(newRows, came + left(last))].join(", ")} ${touchedBy(keys, statement)})`];
  });
  return parts.join(" UNION ");
}

/** What follows a SELECT of a table's rows so that those that left are among them. */
function left(since: Since | undefined): string {
  if (since?.replaced === undefined) return "";
  const by = quoteName("_replaced_by");
  return ` UNION ALL BY NAME SELECT * EXCLUDE (${by}) FROM ${since.replaced.relation} WHERE ${by} > ${since.batch}`;
}

function standIns(keys: TouchedKeys): readonly string[] {
  return keys.standIns.map(({ table, standIn }) => relation(standIn, `SELECT * FROM ${quoteTable(table)}`));
}

function relation(name: string, select: string): string {
  return `${name} AS NOT MATERIALIZED (${select})`;
}
