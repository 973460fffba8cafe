// What each model has seen of its inputs, stored beside its table in the same transaction.
import { replacedRowsPrefix, stringifyExact, type Clock, type Warehouse, type WriteTransaction } from "@millrace/core";
import { nowText, records, toBigint, toMs, toText } from "../load/sql-values.ts";
import type { InputState, InputStates, PlannedModel } from "@millrace/transform";

type Reader = Pick<Warehouse, "query">;

export interface BuiltModel {
  readonly fingerprint: string;
  readonly inputs: InputStates;
  readonly rows: bigint;
  readonly builtMs: number;
}

/** All built models by `domain.name`, or the one that is named. */
export async function builtModels(
  reader: Reader,
  only?: { readonly domain: string; readonly name: string },
): Promise<ReadonlyMap<string, BuiltModel>> {
  const where = only === undefined ? "" : "WHERE domain = ? AND name = ?";
  const params = only === undefined ? [] : [only.domain, only.name];
  const sql = `SELECT domain, name, fingerprint, inputs, row_count, built_at FROM millrace.models ${where}`;
  return new Map(
    records(await reader.query(sql, params)).map((row) => [
      `${toText(row["domain"])}.${toText(row["name"])}`,
      {
        fingerprint: toText(row["fingerprint"]),
        inputs: parseStates(toText(row["inputs"])),
        rows: toBigint(row["row_count"]),
        builtMs: toMs(row["built_at"]),
      },
    ]),
  );
}

export async function recordBuild(
  tx: WriteTransaction,
  clock: Clock,
  model: PlannedModel,
  build: { readonly inputs: InputStates; readonly rows: bigint; readonly durationMs: number },
): Promise<void> {
  await tx.run("DELETE FROM millrace.models WHERE domain = ? AND name = ?", [model.domain, model.name]);
  await tx.run(
    "INSERT INTO millrace.models (domain, name, fingerprint, inputs, row_count, duration_ms, built_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    [
      model.domain,
      model.name,
      model.fingerprint,
      stringifyExact(seenStates(build.inputs)),
      build.rows,
      BigInt(Math.round(build.durationMs)),
      nowText(clock),
    ],
  );
}

/** What a build has seen, without where replaced rows were kept. */
function seenStates(inputs: InputStates): Record<string, InputState> {
  return Object.fromEntries(
    [...inputs].map(([input, { version, rewrites, batch }]) => [input, { version, rewrites, batch }]),
  );
}

/** Present states of everything in the catalogue, by `domain.name`. */
export async function tableStates(reader: Reader): Promise<InputStates> {
  const found = await reader.query(
    `SELECT t.domain, t.name, t.version, t.rewrites, t.batch, m.value FROM millrace.tables AS t
      LEFT JOIN millrace.meta AS m ON m.key = concat(?, t.domain, '.', t.name)`,
    [replacedRowsPrefix],
  );
  return new Map(
    found.rows.map(([domain, name, version, rewrites, batch, replaced]) => [
      `${toText(domain)}.${toText(name)}`,
      {
        version: toBigint(version),
        rewrites: toBigint(rewrites),
        batch: toBigint(batch),
        ...(replaced === null || replaced === undefined ? {} : { replaced: parseReplaced(toText(replaced)) }),
      },
    ]),
  );
}

function parseReplaced(text: string): NonNullable<InputState["replaced"]> {
  const { relation, since } = JSON.parse(text) as { relation: string; since: string };
  return { relation, since: BigInt(since) };
}

/**
 * The inputs of a model as they are now. A view has no version of its own: it changes with everything that it reads, and none of its changes is known to
 * only add rows.
 */
export function inputStates(
  model: PlannedModel,
  states: InputStates,
  models: ReadonlyMap<string, PlannedModel>,
): InputStates {
  return new Map(model.inputs.map((input) => [input, stateOf(input, states, models)]));
}

function stateOf(input: string, states: InputStates, models: ReadonlyMap<string, PlannedModel>): InputState {
  const own = states.get(input) ?? { version: 0n, rewrites: 0n, batch: 0n };
  const view = models.get(input);
  if (view?.materialize !== "view") return own;
  let { version, batch } = own;
  for (const base of view.inputs) {
    const state = stateOf(base, states, models);
    version += state.version;
    if (state.batch > batch) batch = state.batch;
  }
  return { version, rewrites: version, batch };
}

export function sameStates(a: InputStates, b: InputStates): boolean {
  if (a.size !== b.size) return false;
  for (const [input, state] of a) {
    const other = b.get(input);
    if (other?.version !== state.version || other.rewrites !== state.rewrites) return false;
  }
  return true;
}

function parseStates(text: string): InputStates {
  const stored = JSON.parse(text) as Record<string, Record<keyof InputState, number | string>>;
  return new Map(
    Object.entries(stored).map(([input, state]) => [
      input,
      { version: BigInt(state.version), rewrites: BigInt(state.rewrites), batch: BigInt(state.batch) },
    ]),
  );
}
