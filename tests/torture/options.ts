// The command line of `npm run torture`.
import { parseArgs } from "node:util";
import { didYouMean, MillraceError, type FailpointName } from "@millrace/core";
import { failpointNames, type KillMode } from "./kill-schedule.ts";
import { plants, type Plant } from "./process/messages.ts";

export type ChannelChoice = "files" | "rest" | "events" | "all";

export interface TortureOptions {
  readonly kills: number;
  readonly seed: number;
  readonly mode: KillMode;
  readonly channel: ChannelChoice;
  /** Failpoints to strike at; all that the channels reach when absent. */
  readonly at?: readonly FailpointName[];
  readonly plant?: Plant;
  /** Every life with a second owner. */
  readonly takeOver: boolean;
  readonly json: boolean;
  readonly keep: boolean;
}

const modes = ["kill", "power-cut", "both"] as const;
const channels = ["files", "rest", "events", "all"] as const;
const killsMax = 100_000;

export const usage = `Kills a working Millrace again and again and proves that nothing is lost, doubled or half visible.

  npm run torture -- [options]

  --kills <n>         how many lives end by a kill (default 50)
  --seed <n>          decides data, places and moments (default 1)
  --mode <mode>       kill: SIGKILL; power-cut: what was not synced is lost as well; both: some of each (default both)
  --channel <name>    files, rest, events or all (default all)
  --at <names>        only these failpoints, separated by commas: ${failpointNames.join(", ")}
  --take-over         in every life that comes to serve, a second owner takes over from the first one
  --plant <bug>       plants a bug that must be found: ${plants.join(", ")}
  --json              one line of JSON per kill
  --keep              keeps the data folder when something is found, and prints where it is
  --help

Examples:
  npm run torture -- --kills 50 --seed 1
  npm run torture -- --kills 20 --seed 7 --channel events --at log.sync,log.trim
  npm run torture -- --kills 50 --seed 2 --channel rest
  npm run torture -- --kills 6 --mode power-cut --plant log-unsynced

The last line is {"kills":50,"lost":0,"duplicated":0,"partial":0,"seed":1,"failpoints":{...},"fetched":{...}}. Exit code 0: nothing was found and each failpoint
was struck at least 3 times (fewer in runs below 50 kills). 1: something was found, a failpoint was not struck, or a channel gave up. 2: the command was not understood,
or the machine cannot do it.`;

/** @returns undefined for --help. @throws MillraceError request-invalid */
export function parseOptions(args: readonly string[]): TortureOptions | undefined {
  const values = parsed(args);
  if (values.help) return undefined;
  const at = values.at?.split(",").map((name) => choice("at", name.trim(), failpointNames));
  const mode = choice("mode", values.mode, modes);
  const channel = choice("channel", values.channel, channels);
  const plant = values.plant === undefined ? undefined : choice("plant", values.plant, plants);
  demandEffect({ mode, channel, at, plant });
  return {
    kills: whole("kills", values.kills, 1),
    seed: whole("seed", values.seed, 0),
    mode,
    channel,
    takeOver: values["take-over"],
    json: values.json,
    keep: values.keep,
    ...(at === undefined ? {} : { at }),
    ...(plant === undefined ? {} : { plant }),
  };
}

/** No workload here delivers: tests of the runtime strike there. */
const noWorkload: FailpointName = "delivery.sent";
/** Failpoints that only events reach. */
const onlyEvents: readonly FailpointName[] = ["log.sync", "log.trim"];
/** Failpoints that only files reach. */
const onlyFiles: readonly FailpointName[] = ["file.move"];
/** Failpoints that only APIs reach. */
const onlyRest: readonly FailpointName[] = ["rest.page", "rest.slice", "token.renewed", "token.kept"];
/** Bugs of the event log, and bugs that only a lost sync shows. */
const plantsOfEvents: readonly Plant[] = ["log-unsynced", "early-trim"];
/** Bugs of what APIs ask for. */
const plantsOfRest: readonly Plant[] = ["tokens-late"];
const plantsOfPowerCuts: readonly Plant[] = ["log-unsynced", "objects-unsynced"];

/**
 * Failpoints that the channels come by. Those of APIs alone are for a run of their own: each is to be struck several times, and with all the others there
 * would be too many.
 */
export function reachable(channel: ChannelChoice): readonly FailpointName[] {
  const others = [
    ...(channel === "events" || channel === "all" ? [] : onlyEvents),
    ...(channel === "files" || channel === "all" ? [] : onlyFiles),
    ...(channel === "rest" ? [] : onlyRest),
    noWorkload,
  ];
  return failpointNames.filter((name) => !others.includes(name));
}

/** Refuses what could never strike or be found. */
function demandEffect({
  mode,
  channel,
  at = [],
  plant,
}: Pick<TortureOptions, "mode" | "channel"> & {
  readonly at: readonly FailpointName[] | undefined;
  readonly plant: Plant | undefined;
}): void {
  const reached = reachable(channel);
  const idle = at.find((name) => !reached.includes(name));
  if (idle !== undefined)
    throw invalid(`--at ${idle} is never reached with --channel ${channel}, which reaches ${reached.join(", ")}.`);
  if (plant === undefined) return;
  if (mode === "kill" && plantsOfPowerCuts.includes(plant))
    throw invalid(`--plant ${plant} shows in power cuts alone; received --mode kill, valid are power-cut and both.`);
  if (channel !== "all" && channel !== "rest" && plantsOfRest.includes(plant))
    throw invalid(`--plant ${plant} is a bug of APIs; received --channel ${channel}, valid are rest and all.`);
  if (channel !== "all" && channel !== "events" && plantsOfEvents.includes(plant))
    throw invalid(
      `--plant ${plant} is a bug of the event log; received --channel ${channel}, valid are events and all.`,
    );
}

function parsed(args: readonly string[]): ReturnType<typeof parse> {
  try {
    return parse(args);
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : String(cause));
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      kills: { type: "string", default: "50" },
      seed: { type: "string", default: "1" },
      mode: { type: "string", default: "both" },
      channel: { type: "string", default: "all" },
      at: { type: "string" },
      plant: { type: "string" },
      "take-over": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  }).values;
}

function whole(name: string, text: string, min: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= killsMax) return value;
  throw invalid(`--${name} is a whole number from ${min} to ${killsMax}; received "${text}".`);
}

function choice<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === text);
  if (found !== undefined) return found;
  throw invalid(`--${name} is one of ${allowed.join(", ")}; received "${text}"${didYouMean(text, allowed)}`);
}

function invalid(message: string): MillraceError {
  return new MillraceError("request-invalid", message, { hint: "npm run torture -- --help" });
}
