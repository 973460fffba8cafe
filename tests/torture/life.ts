// One life of the process under torture: start, check what the last one left, work, die as the schedule says.
import { setTimeout as sleep } from "node:timers/promises";
import type { Gate } from "./gate.ts";
import type { Kill } from "./kill-schedule.ts";
import type { Trap } from "./process/messages.ts";
import { NoAnswer, TorturedProcess, type Death, type ProcessOptions } from "./process/tortured-process.ts";
import { lost, type Finding } from "./truth/finding.ts";
import type { Judge } from "./truth/judge.ts";
import type { Workload } from "./workloads/workload.ts";

export interface LifeParts {
  readonly process: ProcessOptions;
  readonly gate: Gate;
  readonly judge: Judge;
  readonly workloads: readonly Workload[];
  readonly signal: AbortSignal;
}

export interface LifeReport {
  readonly death: Death;
  readonly findings: readonly Finding[];
  readonly tookOver: boolean;
  /** A channel gave up: more lives show nothing new. */
  readonly stopped: boolean;
}

const readyTimeoutMs = 120_000;
/** Longest that a failpoint is waited for; then the kill strikes wherever the process is. */
const trapTimeoutMs = 25_000;
/** Work that makes a checkpoint worth while, before the quiet in which it happens. */
const beforeQuietMs = 400;

export async function live(parts: LifeParts, kill: Kill): Promise<LifeReport> {
  const { gate, judge, signal } = parts;
  const early = trapOf(kill, true);
  const process = new TorturedProcess({ ...parts.process, ...(early === undefined ? {} : { trap: early }) });
  const end = (): void => void process.kill();
  signal.addEventListener("abort", end, { once: true });
  for (const workload of parts.workloads) workload.newLife();
  try {
    if (early !== undefined || kill.place === "start") return await dieEarly(parts, process, kill);
    gate.open(await withDeadline(process.ready, readyTimeoutMs));
    const seen = await look(parts, process);
    if (seen.findings.length > 0 || seen.stopped) return { ...seen, death: await process.kill(), tookOver: false };
    const tookOver = kill.takeOver && (await takeOver(process));
    await strike(parts, process, kill);
    gate.close();
    return { ...dead(await process.kill(), judge), tookOver };
  } catch (thrown) {
    const death = await process.kill();
    if (!(thrown instanceof NoAnswer)) throw thrown;
    return unanswered(death, judge, thrown);
  } finally {
    signal.removeEventListener("abort", end);
    gate.close();
    for (const workload of parts.workloads) workload.resume();
  }
}

/** Nothing is looked at: the kill strikes while the process starts, or while it catches up. */
async function dieEarly({ gate, judge }: LifeParts, process: TorturedProcess, kill: Kill): Promise<LifeReport> {
  if (kill.place === "start") await Promise.race([sleep(kill.delayMs), process.died]);
  else {
    const served = process.ready.then((service) => gate.open(service)).catch(() => undefined);
    await Promise.race([withDeadline(served, readyTimeoutMs), process.died]);
    await untilDead(process, trapTimeoutMs);
  }
  gate.close();
  return dead(await process.kill(), judge);
}

/** What the life before left behind. The producers hold still, so that the answers come soon. */
async function look(parts: LifeParts, process: TorturedProcess): Promise<Pick<LifeReport, "findings" | "stopped">> {
  for (const workload of parts.workloads) workload.pause();
  const findings = await parts.judge.check(process, "after-death");
  const stopped = await process.ask({ kind: "stopped-channels" });
  for (const workload of parts.workloads) workload.resume();
  return { findings, stopped: stopped.length > 0 };
}

/** False when the process is killed meanwhile. */
async function takeOver(process: TorturedProcess): Promise<boolean> {
  await process.ask({ kind: "take-over" });
  return true;
}

async function strike({ workloads }: LifeParts, process: TorturedProcess, kill: Kill): Promise<void> {
  const trap = trapOf(kill, false);
  if (trap === undefined) return void (await Promise.race([sleep(kill.delayMs), process.died]));
  if (trap.failpoint === "warehouse.checkpoint") {
    await Promise.race([sleep(beforeQuietMs), process.died]);
    for (const workload of workloads) workload.pause();
  }
  await process.ask({ kind: "arm", trap });
  await untilDead(process, trapTimeoutMs);
}

/** @param early whether the trap is set before anything is opened */
function trapOf(kill: Kill, early: boolean): Trap | undefined {
  const { place, hit, delayMs } = kill;
  if (place === "start" || place === "random") return undefined;
  return early === (place === "recovery" || kill.early) ? { failpoint: place, hit, delayMs } : undefined;
}

async function untilDead(process: TorturedProcess, timeoutMs: number): Promise<void> {
  const over = new AbortController();
  await Promise.race([process.died, sleep(timeoutMs, undefined, { signal: over.signal }).catch(() => undefined)]);
  over.abort();
}

/** A process that ends by itself cannot be read any more: to its users everything in it is lost. */
function dead(death: Death, judge: Judge): LifeReport {
  const own = death.signal === "SIGKILL";
  const findings = own
    ? []
    : [lost(judge.acknowledgedRows, `the process ended by itself (${death.signal ?? death.code}):\n${death.stderr}`)];
  return { death, findings, tookOver: false, stopped: false };
}

/** A trap may strike before the answer is out. A process that only does not answer is as good as gone to its users. */
function unanswered(death: Death, judge: Judge, thrown: NoAnswer): LifeReport {
  const report = dead(death, judge);
  if (death.failpoint !== undefined || report.findings.length > 0) return report;
  return { ...report, findings: [lost(judge.acknowledgedRows, `the process does not serve: ${thrown.message}`)] };
}

async function withDeadline<T>(waited: Promise<T>, timeoutMs: number): Promise<T> {
  const over = new AbortController();
  const late = sleep(timeoutMs, undefined, { signal: over.signal }).then(() => {
    throw new NoAnswer(`nothing within ${timeoutMs} ms`);
  });
  try {
    return await Promise.race([waited, late]);
  } finally {
    over.abort();
    late.catch(() => undefined);
  }
}
