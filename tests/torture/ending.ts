// The end of a run: everything that was begun is acknowledged, loaded and compared; one more start finds nothing to do; the originals are whole.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LifeParts } from "./life.ts";
import { NoAnswer, TorturedProcess, type ProcessOptions, type Service } from "./process/tortured-process.ts";
import { duplicated, lost, type Finding } from "./truth/finding.ts";
import type { Judge } from "./truth/judge.ts";
import { checkContent, readObjects, type BatchObjects } from "./truth/raw-checks.ts";

const finishTimeoutMs = 90_000;
const readyTimeoutMs = 120_000;
const settlePauseMs = 400;
const settlesMax = 12;

/** @throws what aborted the signal; MillraceError deadline-exceeded when producers do not come to their end */
export async function findAtEnd({
  process: options,
  gate,
  judge,
  workloads,
  signal,
}: LifeParts): Promise<readonly Finding[]> {
  const process = new TorturedProcess(options);
  const end = (): void => void process.kill();
  signal.addEventListener("abort", end, { once: true });
  try {
    gate.open(await ready(process));
    for (const workload of workloads) await workload.finish(finishTimeoutMs);
    const findings = await settle(process, judge);
    if (findings.length > 0) return findings;
    const batches = await readObjects((sql) => process.query(sql));
    await process.stop();
    return [
      ...(await startAgain(options, judge, batches.filter(isNews).length)),
      ...(await checkContent(join(options.dataFolder, "objects"), batches)),
    ];
  } catch (thrown) {
    signal.throwIfAborted();
    if (!(thrown instanceof NoAnswer)) throw thrown;
    return [lost(judge.acknowledgedRows, `the process does not serve: ${thrown.message}`)];
  } finally {
    signal.removeEventListener("abort", end);
    gate.close();
    await process.kill();
  }
}

/** What is on its way needs a moment; what is wrong stays wrong. */
async function settle(process: TorturedProcess, judge: Judge): Promise<readonly Finding[]> {
  for (let turn = 1; ; turn += 1) {
    await process.ask({ kind: "settle" });
    const findings = await judge.check(process, "end");
    const stopped = await process.ask({ kind: "stopped-channels" });
    if (findings.length === 0 || turn >= settlesMax) return findings;
    if (stopped.length > 0) return [...stopped.map(noted), ...findings];
    await sleep(settlePauseMs);
  }
}

/** Counts nothing by itself, and says why rows are missing. */
function noted([channel, code, message]: readonly unknown[]): Finding {
  return {
    kind: "lost",
    count: 0,
    what: `channel ${String(channel)} has stopped: ${String(code)}: ${String(message)}`,
  };
}

/** A list without a cursor is given whole to every read, and a window its newest record: what counts there is the rows, and they are compared. */
const readAnew: readonly string[] = ["shops.api"];

function isNews({ channel }: BatchObjects): boolean {
  return !readAnew.includes(channel);
}

async function startAgain(options: ProcessOptions, judge: Judge, batchesBefore: number): Promise<readonly Finding[]> {
  const process = new TorturedProcess(options);
  try {
    await ready(process);
    const findings = [...(await settle(process, judge))];
    const batches = await readObjects((sql) => process.query(sql));
    await process.stop();
    const more = batches.filter(isNews).length - batchesBefore;
    if (more > 0) findings.push(duplicated(more, `${more} batches were loaded by a start that had nothing to load`));
    return findings;
  } finally {
    await process.kill();
  }
}

async function ready(process: TorturedProcess): Promise<Service> {
  const late = setTimeout(() => void process.kill(), readyTimeoutMs);
  try {
    return await process.ready;
  } finally {
    clearTimeout(late);
  }
}
