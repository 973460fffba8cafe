// A whole run: lives and kills by the schedule, then the end, where everything that was acknowledged must be there once.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { FailpointName } from "@millrace/core";
import { Gate } from "./gate.ts";
import { failpointNames, killSchedule, requiredHits, type Kill } from "./kill-schedule.ts";
import { live, type LifeReport } from "./life.ts";
import type { ChannelChoice, TortureOptions } from "./options.ts";
import { powerCutEnvironment } from "./power-cut/preload.ts";
import { restoreAfterPowerCut } from "./power-cut/restore.ts";
import { NoAnswer, TorturedProcess, type ProcessOptions } from "./process/tortured-process.ts";
import { lost, duplicated, type Finding } from "./truth/finding.ts";
import { Judge } from "./truth/judge.ts";
import { checkContent, readObjects } from "./truth/raw-checks.ts";
import { EventsWorkload } from "./workloads/events.ts";
import { FilesWorkload } from "./workloads/files.ts";
import { RestWorkload } from "./workloads/rest.ts";
import type { Workload } from "./workloads/workload.ts";

/** The last line of the output. */
export interface TortureResult {
  readonly kills: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly partial: number;
  readonly seed: number;
  readonly failpoints: Readonly<Partial<Record<FailpointName, number>>>;
}

export interface TortureOutcome {
  readonly result: TortureResult;
  readonly findings: readonly Finding[];
  readonly powerCuts: number;
  readonly takeOvers: number;
  readonly modelsCompared: number;
  readonly acknowledgedRows: number;
  /** Hits that each failpoint must have, and those that have fewer. */
  readonly required: number;
  readonly missing: readonly FailpointName[];
}

export interface KillReport {
  readonly kill: Kill;
  readonly number: number;
  readonly failpoint: FailpointName | undefined;
  readonly findings: readonly Finding[];
}

const project = join(import.meta.dirname, "project");
const finishTimeoutMs = 90_000;
const readyTimeoutMs = 60_000;
const settlePauseMs = 400;
const settlesMax = 12;

/** Failpoints that only these channels reach. */
const onlyEvents: readonly FailpointName[] = ["log.sync", "log.trim"];

export class TortureRun {
  readonly #options: TortureOptions;
  readonly #folder: string;
  readonly #gate = new Gate();
  readonly #workloads: readonly Workload[];
  readonly #judge: Judge;
  readonly #signal: AbortSignal;
  readonly #hits = new Map<FailpointName, number>();
  #findings: readonly Finding[] = [];
  #kills = 0;
  #powerCuts = 0;
  #takeOvers = 0;

  private constructor(
    options: TortureOptions,
    place: { readonly folder: string; readonly signal: AbortSignal },
    workloads: (gate: Gate) => readonly Workload[],
  ) {
    this.#options = options;
    this.#folder = place.folder;
    this.#signal = place.signal;
    this.#workloads = workloads(this.#gate);
    this.#judge = new Judge(this.#workloads, { project, objects: join(this.#dataFolder, "objects") });
  }

  /** @param place.folder is empty and stays the caller's to remove */
  static async open(
    options: TortureOptions,
    place: { readonly folder: string; readonly signal: AbortSignal },
  ): Promise<TortureRun> {
    const drops = join(place.folder, "drops");
    await mkdir(drops, { recursive: true });
    await mkdir(join(place.folder, "data"), { recursive: true });
    const rest = await RestWorkload.open(options.seed);
    return new TortureRun(options, place, (gate) => [
      new FilesWorkload(options.seed, drops),
      rest,
      new EventsWorkload(options.seed, gate.reach),
    ]);
  }

  /** @throws what aborted the signal */
  async run(onKill: (report: KillReport) => void): Promise<TortureOutcome> {
    const { kills, seed, mode, at, channel, takeOver } = this.#options;
    const failpoints = at ?? reachable(channel);
    const schedule = killSchedule({ kills, seed, mode, failpoints });
    const active = this.#active();
    try {
      for (const workload of active) workload.start();
      for (const [at, planned] of schedule.entries()) {
        const kill = takeOver ? { ...planned, takeOver: true, early: false } : planned;
        const { death, stopped } = await this.#live(kill, onKill);
        if (stopped || this.#findings.length > 0) break;
        if (death.failpoint !== kill.place) againLater(schedule, at);
      }
      if (this.#findings.length === 0) this.#findings = await this.#end();
    } finally {
      await Promise.all(this.#workloads.map((workload) => workload.close()));
    }
    return this.#outcome(failpoints);
  }

  get #dataFolder(): string {
    return join(this.#folder, "data");
  }

  #active(): readonly Workload[] {
    const { channel } = this.#options;
    return this.#workloads.filter(({ name }) => channel === "all" || channel === name);
  }

  async #live(kill: Kill, onKill: (report: KillReport) => void): Promise<LifeReport> {
    const report = await live(
      {
        process: this.#process(),
        gate: this.#gate,
        judge: this.#judge,
        workloads: this.#active(),
        signal: this.#signal,
      },
      kill,
    );
    this.#signal.throwIfAborted();
    this.#count(kill, report);
    if (kill.powerCut) restoreAfterPowerCut(this.#dataFolder, join(this.#folder, "journal"));
    onKill({ kill, number: this.#kills, failpoint: report.death.failpoint, findings: report.findings });
    return report;
  }

  #count(kill: Kill, { death, findings, tookOver }: LifeReport): void {
    this.#findings = findings;
    this.#kills += 1;
    if (kill.powerCut) this.#powerCuts += 1;
    if (tookOver) this.#takeOvers += 1;
    if (death.failpoint !== undefined) this.#hits.set(death.failpoint, (this.#hits.get(death.failpoint) ?? 0) + 1);
  }

  #process(): ProcessOptions {
    const { mode, plant } = this.#options;
    const journalled =
      mode === "kill"
        ? {}
        : powerCutEnvironment(
            {
              folder: this.#dataFolder,
              journalFolder: join(this.#folder, "journal"),
              ...(plant === "log-unsynced" ? { ignoreSync: "log.sqlite" } : {}),
            },
            join(this.#folder, "build"),
          );
    const settings = Object.assign({}, ...this.#workloads.map(({ env }) => env)) as Record<string, string>;
    return {
      project,
      dataFolder: this.#dataFolder,
      env: { ...settings, ...journalled },
      ...(plant === undefined ? {} : { plant }),
    };
  }

  /** Everything that was begun is acknowledged, loaded and compared; a second start finds nothing left to do; the originals are whole. */
  async #end(): Promise<readonly Finding[]> {
    const process = new TorturedProcess(this.#process());
    const end = (): void => void process.kill();
    this.#signal.addEventListener("abort", end, { once: true });
    try {
      this.#gate.open(await ready(process));
      for (const workload of this.#active()) await workload.finish(finishTimeoutMs);
      const findings = await this.#settle(process);
      if (findings.length > 0) return findings;
      const batches = await readObjects((sql) => process.query(sql));
      await process.stop();
      return [
        ...(await this.#again(batches.length)),
        ...(await checkContent(join(this.#dataFolder, "objects"), batches)),
      ];
    } catch (thrown) {
      this.#signal.throwIfAborted();
      if (!(thrown instanceof NoAnswer)) throw thrown;
      return [lost(this.#judge.acknowledgedRows, `the process does not serve: ${thrown.message}`)];
    } finally {
      this.#signal.removeEventListener("abort", end);
      this.#gate.close();
      await process.kill();
    }
  }

  /** What is on its way needs a moment; what is wrong stays wrong. */
  async #settle(process: TorturedProcess): Promise<readonly Finding[]> {
    for (let turn = 1; ; turn += 1) {
      await process.ask({ kind: "settle" });
      const findings = await this.#judge.check(process, "end");
      const stopped = await process.ask({ kind: "stopped-channels" });
      if (findings.length === 0 || turn >= settlesMax) return findings;
      if (stopped.length > 0) return [...findings, ...stopped.map(([name, code, why]) => noted(name, code, why))];
      await sleep(settlePauseMs);
    }
  }

  async #again(batchesBefore: number): Promise<readonly Finding[]> {
    const process = new TorturedProcess(this.#process());
    try {
      await ready(process);
      await process.ask({ kind: "settle" });
      const batches = await readObjects((sql) => process.query(sql));
      await process.stop();
      const more = batches.length - batchesBefore;
      return more === 0 ? [] : [duplicated(more, `${more} batches were loaded by a start that had nothing to load`)];
    } finally {
      await process.kill();
    }
  }

  #outcome(failpoints: readonly FailpointName[]): TortureOutcome {
    const sum = (kind: Finding["kind"]): number =>
      this.#findings.reduce((total, finding) => total + (finding.kind === kind ? finding.count : 0), 0);
    const required = requiredHits(this.#options.kills);
    const hits = Object.fromEntries(failpoints.map((name) => [name, this.#hits.get(name) ?? 0]));
    return {
      result: {
        kills: this.#kills,
        lost: sum("lost"),
        duplicated: sum("duplicated"),
        partial: sum("partial"),
        seed: this.#options.seed,
        failpoints: hits,
      },
      findings: this.#findings,
      powerCuts: this.#powerCuts,
      takeOvers: this.#takeOvers,
      modelsCompared: this.#judge.models.compared,
      acknowledgedRows: this.#judge.acknowledgedRows,
      required,
      missing: failpoints.filter((name) => (this.#hits.get(name) ?? 0) < required),
    };
  }
}

/** A failpoint that was not reached in time is tried again in place of a later random moment. */
function againLater(schedule: Kill[], at: number): void {
  const missed = schedule[at];
  const spare = schedule.findIndex(({ place }, later) => later > at && place === "random");
  if (missed === undefined || missed.place === "random" || missed.place === "start" || spare === -1) return;
  schedule[spare] = missed;
}

function reachable(channel: ChannelChoice): readonly FailpointName[] {
  return channel === "all" || channel === "events"
    ? failpointNames
    : failpointNames.filter((name) => !onlyEvents.includes(name));
}

function noted(channel: unknown, code: unknown, why: unknown): Finding {
  return { kind: "lost", count: 0, what: `channel ${String(channel)} has stopped: ${String(code)}: ${String(why)}` };
}

async function ready(process: TorturedProcess): ReturnType<() => TorturedProcess["ready"]> {
  const late = setTimeout(() => void process.kill(), readyTimeoutMs);
  try {
    return await process.ready;
  } finally {
    clearTimeout(late);
  }
}
