// A whole run: lives and kills by the schedule, then the end, where everything that was acknowledged must be there once.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { FailpointName } from "@millrace/core";
import { Gate } from "./gate.ts";
import { killSchedule, requiredHits, type Kill } from "./kill-schedule.ts";
import { findAtEnd } from "./ending.ts";
import { live, type LifeParts, type LifeReport } from "./life.ts";
import { reachable, type TortureOptions } from "./options.ts";
import { powerCutEnvironment } from "./power-cut/preload.ts";
import { restoreAfterPowerCut } from "./power-cut/restore.ts";
import type { ProcessOptions } from "./process/tortured-process.ts";
import type { Finding } from "./truth/finding.ts";
import { Judge } from "./truth/judge.ts";
import { EventsWorkload } from "./workloads/events.ts";
import { FilesWorkload } from "./workloads/files.ts";
import { RestWorkload } from "./workloads/rest.ts";
import { ShopsWorkload } from "./workloads/shops.ts";
import type { FetchCounts } from "./workloads/request-log.ts";
import type { Workload } from "./workloads/workload.ts";

/** The last line of the output. */
export interface TortureResult {
  readonly kills: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly partial: number;
  readonly seed: number;
  readonly failpoints: Readonly<Partial<Record<FailpointName, number>>>;
  /** Of the records that an API gave out. */
  readonly fetched: FetchCounts;
}

export interface TortureOutcome {
  readonly result: TortureResult;
  readonly findings: readonly Finding[];
  readonly powerCuts: number;
  readonly takeOvers: number;
  /** Kills that struck somewhere else because their failpoint was not reached in time. */
  readonly missed: number;
  readonly modelsCompared: number;
  readonly acknowledgedRows: number;
  readonly tokenRotations: number;
  /** Hits that each failpoint must have, and those that have fewer. */
  readonly required: number;
  readonly missing: readonly FailpointName[];
}

/** True when nothing was found, every kill struck, and each failpoint often enough: a channel that gives up ends a run early. */
export function isProof(
  { findings, missing, result }: Pick<TortureOutcome, "findings" | "missing" | "result">,
  { kills }: Pick<TortureOptions, "kills">,
): boolean {
  return findings.length === 0 && missing.length === 0 && result.kills >= kills;
}

export interface KillReport {
  readonly kill: Kill;
  readonly number: number;
  readonly failpoint: FailpointName | undefined;
  readonly findings: readonly Finding[];
}

const project = join(import.meta.dirname, "project");

export class TortureRun {
  readonly #options: TortureOptions;
  readonly #folder: string;
  readonly #gate = new Gate();
  readonly #workloads: readonly Workload[];
  readonly #shops: ShopsWorkload;
  readonly #judge: Judge;
  readonly #signal: AbortSignal;
  readonly #hits = new Map<FailpointName, number>();
  #findings: readonly Finding[] = [];
  #kills = 0;
  #powerCuts = 0;
  #takeOvers = 0;
  #missed = 0;

  private constructor(
    options: TortureOptions,
    place: { readonly folder: string; readonly signal: AbortSignal },
    shops: ShopsWorkload,
    workloads: (gate: Gate) => readonly Workload[],
  ) {
    this.#shops = shops;
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
    const shops = await ShopsWorkload.open(options.seed);
    return new TortureRun(options, place, shops, (gate) => [
      shops,
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
    const close = (): Promise<unknown> => Promise.all(this.#workloads.map((workload) => workload.close()));
    this.#signal.addEventListener("abort", () => void close(), { once: true });
    try {
      for (const workload of this.#active()) workload.start();
      for (const [at, planned] of schedule.entries()) {
        const kill = takeOver ? { ...planned, takeOver: true, early: false } : planned;
        const { death, stopped } = await this.#live(kill, onKill);
        if (stopped || this.#findings.length > 0) break;
        if (isNamed(kill) && death.failpoint === undefined) this.#tryAgain(schedule, at);
      }
      if (this.#findings.length === 0) this.#findings = await findAtEnd(this.#parts());
    } finally {
      await close();
    }
    return this.#outcome(failpoints);
  }

  /** In place of a later random moment. */
  #tryAgain(schedule: Kill[], at: number): void {
    this.#missed += 1;
    const missed = schedule[at];
    const spare = schedule.findIndex((other, later) => later > at && other.place === "random");
    if (missed !== undefined && spare !== -1) schedule[spare] = missed;
  }

  get #dataFolder(): string {
    return join(this.#folder, "data");
  }

  #active(): readonly Workload[] {
    const { channel } = this.#options;
    return this.#workloads.filter(({ name }) => channel === "all" || channel === name);
  }

  async #live(kill: Kill, onKill: (report: KillReport) => void): Promise<LifeReport> {
    const report = await live(this.#parts(), kill);
    this.#signal.throwIfAborted();
    this.#count(kill, report);
    if (kill.powerCut) restoreAfterPowerCut(this.#dataFolder, join(this.#folder, "journal"));
    for (const workload of this.#workloads) workload.died(kill);
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

  #parts(): LifeParts {
    return {
      process: this.#process(),
      gate: this.#gate,
      judge: this.#judge,
      workloads: this.#active(),
      signal: this.#signal,
    };
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
        fetched: this.#shops.fetches,
      },
      findings: this.#findings,
      powerCuts: this.#powerCuts,
      takeOvers: this.#takeOvers,
      missed: this.#missed,
      modelsCompared: this.#judge.models.compared,
      acknowledgedRows: this.#judge.acknowledgedRows,
      tokenRotations: this.#shops.rotations,
      required,
      missing: failpoints.filter((name) => (this.#hits.get(name) ?? 0) < required),
    };
  }
}

function isNamed({ place }: Kill): boolean {
  return place !== "random" && place !== "start";
}
