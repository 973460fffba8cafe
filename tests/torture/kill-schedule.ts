// Which kill strikes where: named failpoints in turn, the rest at random moments; all of it follows from the seed.
import type { FailpointName } from "@millrace/core";
import { SeededRandom } from "@millrace/core/testing";

export type KillPlace = FailpointName | "random" | "start";

export interface Kill {
  readonly place: KillPlace;
  /** Failpoints: the how manieth time the place is reached. */
  readonly hit: number;
  /** Failpoints: 0 strikes right there, above strikes so much later. Random moments: counted from when the process serves, or from its start. */
  readonly delayMs: number;
  /** The trap is set before anything is opened, so that the catching up after the last death is struck. */
  readonly early: boolean;
  /** What was not synced is lost as well. */
  readonly powerCut: boolean;
  /** A second platform takes over from the first one before the kill. */
  readonly takeOver: boolean;
}

export type KillMode = "kill" | "power-cut" | "both";

export interface ScheduleOptions {
  readonly kills: number;
  readonly seed: number;
  readonly mode: KillMode;
  /** Failpoints that the workloads reach. */
  readonly failpoints: readonly FailpointName[];
}

/** Every failpoint, with the most hits that are waited for: rare ones come once in a while. */
const hitsMax: Readonly<Record<FailpointName, number>> = {
  "raw.put": 10,
  "log.sync": 30,
  "batch.staged": 10,
  "batch.before-commit": 12,
  "batch.after-commit": 12,
  "warehouse.checkpoint": 1,
  "log.trim": 4,
  "table.swap": 3,
  "delivery.sent": 10,
  recovery: 1,
  "file.move": 6,
  "rest.page": 12,
  "rest.slice": 8,
  "token.renewed": 1,
  "token.kept": 1,
};

export const failpointNames = Object.keys(hitsMax) as readonly FailpointName[];

const failpointShare = 0.72;
/** Where there are many failpoints, more of the kills are theirs. */
const failpointShareMax = 0.88;
const killsPerFailpoint = 4;
const startShare = 0.35;
const powerCutShare = 0.4;
const takeOverShare = 0.15;
const laterShare = 0.3;
const earlyShare = 0.25;
const laterMsMax = 25;
const randomMsMax = 1500;
const startMsMax = 1200;

/** Same options, same schedule. */
export function killSchedule({ kills, seed, mode, failpoints }: ScheduleOptions): Kill[] {
  const random = new SeededRandom(seed);
  const wanted = Math.max(
    kills * failpointShare,
    Math.min(killsPerFailpoint * failpoints.length, kills * failpointShareMax),
  );
  const named = Math.round(wanted);
  const turns = shuffled(failpoints, random);
  const places = Array.from({ length: kills }, (_, at): KillPlace => {
    const failpoint = at < named ? turns[at % turns.length] : undefined;
    return failpoint ?? (random.next() < startShare ? "start" : "random");
  });
  const share = { kill: 0, both: powerCutShare, "power-cut": 1 }[mode];
  const powerCuts = shuffled(
    places.map((_, at) => at < Math.round(kills * share)),
    random,
  );
  return shuffled(places, random).map((place, at) => toKill(place, powerCuts[at] === true, random));
}

function toKill(place: KillPlace, powerCut: boolean, random: SeededRandom): Kill {
  const takeOver = place !== "start" && place !== "recovery" && random.next() < takeOverShare;
  if (place === "random" || place === "start")
    return {
      place,
      hit: 0,
      delayMs: random.int(place === "start" ? startMsMax : randomMsMax),
      early: false,
      powerCut,
      takeOver,
    };
  const delayMs = random.next() < laterShare ? 1 + random.int(laterMsMax) : 0;
  // A checkpoint needs quiet, which only a life has that the harness can reach.
  // The first page of a life may be one that was in flight at the last death: struck again, it could not but be asked for a third time.
  if (place === "rest.page")
    return { place, hit: 3 + random.int(hitsMax[place]), delayMs, early: false, powerCut, takeOver };
  const early = place !== "warehouse.checkpoint" && !takeOver && random.next() < earlyShare;
  return { place, hit: 1 + random.int(hitsMax[place]), delayMs, early, powerCut, takeOver };
}

/** Hits of each failpoint that a run must show: 3 in 50 kills, fewer in shorter runs. */
export function requiredHits(kills: number): number {
  return Math.min(3, Math.floor((3 * kills) / 50));
}

function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  const left = [...items];
  return items.map(() => left.splice(random.int(left.length), 1)[0] as T);
}
