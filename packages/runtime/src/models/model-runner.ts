// Keeps models fresh: marks those stale that a commit feeds, builds them in graph order, one build of a model at a time and one more waiting.
import {
  backoffMs,
  defaultBackoff,
  toMillraceError,
  type CommitEvent,
  type ErrorReport,
  type Metrics,
  type MillraceError,
  type Random,
} from "@millrace/core";
import type { CommitBus } from "../load/commit-bus.ts";
import { isStorageError } from "../load/storage-errors.ts";
import type { ModelStatus, Progress } from "../platform.ts";
import { buildModel, type BuildParts } from "./build-model.ts";
import type { ModelPlan, PlannedModel } from "@millrace/transform";
import { modelName } from "./plan-models.ts";
import { builtModels, inputStates, sameStates, tableStates } from "./model-store.ts";

export interface ModelRunnerParts extends BuildParts {
  readonly bus: CommitBus;
  readonly metrics: Metrics;
  readonly random: Random;
  /** Asks for `build(model)` at this time or later; called again while one waits. */
  readonly request: (model: string, readyAtMs: number) => void;
  readonly onStorageError: (error: MillraceError) => void;
}

interface Entry {
  readonly model: PlannedModel;
  stale: boolean;
  building: Promise<void> | undefined;
  lastMs: number;
  attempt: number;
  rows: bigint | undefined;
  builtMs: number | undefined;
  error: ErrorReport | undefined;
}

/** A model rests for as long as its last build took: it never takes more than about half of the time. */
const REST_MS_MAX = 30_000;

export class ModelRunner {
  readonly #parts: ModelRunnerParts;
  #entries = new Map<string, Entry>();
  #models: ReadonlyMap<string, PlannedModel> = new Map();
  #errors: ModelPlan["errors"] = [];
  /** Table to the models whose build it feeds, views passed through. */
  #readers = new Map<string, Set<string>>();

  constructor(parts: ModelRunnerParts) {
    this.#parts = parts;
  }

  /** Takes over the models of a plan; those whose inputs changed since their last build are stale. */
  async adopt({ models, errors }: ModelPlan): Promise<void> {
    this.#errors = errors;
    this.#models = new Map(models.map((model) => [modelName(model), model]));
    this.#readers = readersOf(models, this.#models);
    this.#entries = new Map(models.map((model) => [modelName(model), this.#entryOf(model)]));
    await this.#markStale();
  }

  #entryOf(model: PlannedModel): Entry {
    const building = this.#entries.get(modelName(model))?.building;
    const nothing = { lastMs: 0, attempt: 0, rows: undefined, builtMs: undefined, error: undefined };
    return { model, stale: false, building, ...nothing };
  }

  /** Compares with what the last builds saw. Commits that were heard meanwhile have marked their models already. */
  async #markStale(): Promise<void> {
    const states = await tableStates(this.#parts.warehouse);
    const built = await builtModels(this.#parts.warehouse);
    for (const [name, entry] of this.#entries) {
      const last = built.get(name);
      const same = last?.fingerprint === entry.model.fingerprint;
      if (!same || !sameStates(last.inputs, inputStates(entry.model, states, this.#models))) entry.stale = true;
      entry.builtMs ??= last?.builtMs;
      if (entry.model.materialize !== "view") entry.rows ??= last?.rows;
    }
  }

  /** Asks for a build of everything that is stale. */
  requestStale(): void {
    for (const [name, entry] of this.#entries) if (entry.stale) this.#request(name, entry);
  }

  heard(commit: CommitEvent): void {
    for (const { table } of commit.tables) {
      for (const name of this.#readers.get(table) ?? []) {
        const entry = this.#entries.get(name);
        if (entry === undefined || entry.model.materialize === "view") continue;
        entry.stale = true;
        entry.attempt = 0;
        this.#request(name, entry);
      }
    }
  }

  #request(name: string, entry: Entry, extraMs = 0): void {
    const { clock, request } = this.#parts;
    request(name, clock.nowMs() + Math.min(REST_MS_MAX, entry.lastMs) + extraMs);
  }

  /** Builds one model when it is stale; joins a running build and looks again. Errors end up in its status. */
  async build(name: string, signal: AbortSignal): Promise<void> {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    while (entry.building !== undefined) await entry.building;
    if (!entry.stale || signal.aborted) return;
    entry.building = this.#build(name, entry, signal).finally(() => {
      entry.building = undefined;
    });
    await entry.building;
  }

  /** Builds everything that is stale, inputs first. A model that fails is left until something changes. */
  async buildStale(signal: AbortSignal, onProgress?: (progress: Progress) => void): Promise<void> {
    const failed = new Set<string>();
    for (let done = 0; ;) {
      const next = [...this.#entries].find(([name, entry]) => entry.stale && !failed.has(name));
      if (next === undefined || signal.aborted) return;
      await this.build(next[0], signal);
      if (next[1].error !== undefined) failed.add(next[0]);
      done += 1;
      onProgress?.({ subject: next[0], done, unit: "models" });
    }
  }

  /** Waits for running builds. */
  async stop(): Promise<void> {
    for (const entry of this.#entries.values()) await entry.building;
  }

  status(): readonly ModelStatus[] {
    const planned = [...this.#entries].map(([model, entry]): ModelStatus => {
      const state = entry.building === undefined ? restingState(entry) : "building";
      return {
        model,
        state,
        ...(entry.rows === undefined ? {} : { rows: entry.rows }),
        ...(entry.builtMs === undefined ? {} : { builtMs: entry.builtMs }),
        ...(entry.error === undefined ? {} : { error: entry.error }),
      };
    });
    return [...planned, ...this.#errors.map(({ model, error }): ModelStatus => ({ model, state: "failing", error }))];
  }

  async #build(name: string, entry: Entry, signal: AbortSignal): Promise<void> {
    const { clock, metrics, bus } = this.#parts;
    const startedMs = clock.monotonicMs();
    entry.stale = false;
    try {
      const report = await buildModel(this.#parts, entry.model, this.#models, signal);
      entry.error = undefined;
      entry.attempt = 0;
      entry.builtMs = clock.nowMs();
      if (report !== undefined && entry.model.materialize !== "view") entry.rows = report.rows;
      metrics.count("millrace_model_builds_total", 1, {
        model: name,
        outcome: report?.changed === true ? "built" : "unchanged",
      });
      if (report?.changed === true) bus.publish({ tables: [{ table: name, version: report.version }] });
    } catch (thrown) {
      this.#failed(name, entry, toMillraceError(thrown), signal);
    }
    entry.lastMs = clock.monotonicMs() - startedMs;
    metrics.seconds("millrace_model_build_seconds", entry.lastMs / 1000, { model: name });
  }

  #failed(name: string, entry: Entry, error: MillraceError, signal: AbortSignal): void {
    const { log, metrics, random } = this.#parts;
    entry.stale = true;
    if (isStorageError(error)) this.#parts.onStorageError(error);
    if (signal.aborted) return;
    entry.error = error.toJSON();
    entry.attempt += 1;
    metrics.count("millrace_model_builds_total", 1, { model: name, outcome: "failed" });
    log.error("A model could not be built; its last good table stays.", { model: name, error: error.toJSON() });
    if (error.kind === "transient" && entry.attempt < defaultBackoff.attemptsMax)
      this.#request(name, entry, backoffMs(defaultBackoff, entry.attempt, random));
  }
}

function restingState(entry: Entry): ModelStatus["state"] {
  if (entry.error !== undefined) return "failing";
  return entry.stale ? "stale" : "fresh";
}

/** Which models a change of a table feeds, also through views. */
function readersOf(
  models: readonly PlannedModel[],
  byName: ReadonlyMap<string, PlannedModel>,
): Map<string, Set<string>> {
  const readers = new Map<string, Set<string>>();
  const add = (table: string, model: string): void => {
    readers.set(table, (readers.get(table) ?? new Set<string>()).add(model));
    const view = byName.get(table);
    if (view?.materialize === "view") for (const base of view.inputs) add(base, model);
  };
  for (const model of models) for (const input of model.inputs) add(input, modelName(model));
  return readers;
}
