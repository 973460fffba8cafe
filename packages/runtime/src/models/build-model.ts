// One build of one model: steps, blocking checks and publication in one transaction. When anything fails, the last good table stays.
import { MillraceError, type Clock, type Logger, type Warehouse, type WriteTransaction } from "@millrace/core";
import { rollBack, wasRolledBack } from "../load/roll-back.ts";
import { toBigint } from "../load/sql-values.ts";
import { tableVersion } from "../load/table-versions.ts";
import { modelSteps, type BuildStep, type PlannedModel } from "@millrace/transform";
import { modelName } from "./plan-models.ts";
import { builtModels, inputStates, recordBuild, tableStates } from "./model-store.ts";

export interface BuildParts {
  readonly warehouse: Warehouse;
  readonly clock: Clock;
  readonly log: Logger;
  readonly buildTimeoutMs: number;
}

export interface BuildReport {
  readonly rows: bigint;
  readonly version: bigint;
  /** False when the inputs had changed in no way that matters to the model. */
  readonly changed: boolean;
}

/** Errors: check-failed, query-failed, query-invalid, warehouse-*, storage-*. Undefined when there was nothing to do. */
export async function buildModel(
  parts: BuildParts,
  model: PlannedModel,
  models: ReadonlyMap<string, PlannedModel>,
  signal: AbortSignal,
): Promise<BuildReport | undefined> {
  const options = { timeoutMs: parts.buildTimeoutMs, signal };
  try {
    return await parts.warehouse.write([modelName(model)], (tx) => build(tx, parts, model, models), options);
  } catch (error) {
    if (wasRolledBack(error)) return undefined;
    throw error;
  }
}

async function build(
  tx: WriteTransaction,
  parts: BuildParts,
  model: PlannedModel,
  models: ReadonlyMap<string, PlannedModel>,
): Promise<BuildReport> {
  const startedMs = parts.clock.monotonicMs();
  const inputs = inputStates(model, await tableStates(tx), models);
  const built = (await builtModels(tx, model)).get(modelName(model));
  const usable = built?.fingerprint === model.fingerprint ? built : undefined;
  const steps = modelSteps(model, usable?.inputs, inputs);
  if (steps.length === 0 && usable === undefined) rollBack();
  let rows = usable?.rows ?? 0n;
  for (const step of steps) rows = await runStep(tx, model, step, rows);
  if (steps.length > 0) await runChecks(tx, parts.log, model);
  await recordBuild(tx, parts.clock, model, { inputs, rows, durationMs: parts.clock.monotonicMs() - startedMs });
  return { rows, version: await tableVersion(tx, model), changed: steps.length > 0 };
}

/** Returns how many rows the model has now. */
async function runStep(tx: WriteTransaction, model: PlannedModel, step: BuildStep, rows: bigint): Promise<bigint> {
  const spec = { domain: model.domain, name: model.name, key: model.key };
  switch (step.kind) {
    case "view":
      await tx.putView(model.domain, model.name, step.select);
      return 0n;
    case "full":
      return (await tx.replaceTable(spec, step.select)).rows;
    case "keys": {
      const changed = await tx.replaceKeys(spec, step.touched, step.select);
      return rows - changed.deleted + changed.inserted;
    }
  }
}

async function runChecks(tx: WriteTransaction, log: Logger, model: PlannedModel): Promise<void> {
  for (const check of model.compiledChecks) {
    const failing = toBigint((await tx.query(check.count)).rows[0]?.[0]);
    if (failing === 0n) continue;
    const message = `Check ${check.name} of model ${modelName(model)} fails for ${failing} rows.`;
    if (check.severity === "block")
      throw new MillraceError("check-failed", message, {
        hint: `The last good table stays. Look at the failing rows with: ${check.sample}`,
        details: { model: modelName(model), check: check.name, failing: Number(failing) },
      });
    log.warn(message, { model: modelName(model), check: check.name, failing, sample: check.sample });
  }
}
