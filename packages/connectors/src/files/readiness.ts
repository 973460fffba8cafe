// Decides when a file is complete: a marker that is not older than it, or a time in which it stood still.
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { parseDurationMs, type Clock } from "@millrace/core";
import type { Readiness } from "./files-config.ts";
import { modifiedMicros, type FoundFile } from "./list-files.ts";

/** Milliseconds until the file may be complete: 0 now, infinite when something must change first. */
export type WaitMs = number;

export interface ReadinessCheck {
  /** Looks at the files of one scan; what earlier scans saw of files that are not among them is forgotten. */
  check(files: readonly FoundFile[]): Promise<readonly WaitMs[]>;
  /** True for the marker files themselves. */
  isMarker(file: FoundFile): boolean;
  /** Longest that a complete file can be made to wait. */
  readonly waitMsMax: number;
}

export function readinessCheck(readiness: Readiness, clock: Clock): ReadinessCheck {
  if (readiness.kind === "marker") return markerCheck(readiness.name);
  return quietCheck(parseDurationMs(readiness.period) ?? 0, clock);
}

function markerCheck(name: string): ReadinessCheck {
  const [before = "", after] = name.split("{name}", 2);
  return {
    waitMsMax: 0,
    isMarker({ absolute }) {
      const own = basename(absolute);
      return after === undefined
        ? own === name
        : own.length > name.length - 6 && own.startsWith(before) && own.endsWith(after);
    },
    async check(files) {
      const markers = new Map<string, Promise<bigint | undefined>>();
      return Promise.all(
        files.map(async (file) => {
          const path = join(dirname(file.absolute), name.replaceAll("{name}", basename(file.absolute)));
          const marked = markers.get(path) ?? markerTime(path);
          markers.set(path, marked);
          const at = await marked;
          return at !== undefined && at >= file.modifiedMicros ? 0 : Number.POSITIVE_INFINITY;
        }),
      );
    },
  };
}

async function markerTime(path: string): Promise<bigint | undefined> {
  const stats = await stat(path, { bigint: true }).catch(() => undefined);
  return stats === undefined ? undefined : modifiedMicros(stats);
}

interface Observation {
  readonly version: string;
  readonly sinceMs: number;
}

/** A file's own time counts, and so does what this process saw of it: a source's clock may be ahead. */
function quietCheck(periodMs: number, clock: Clock): ReadinessCheck {
  let observed = new Map<string, Observation>();
  return {
    waitMsMax: periodMs,
    isMarker: () => false,
    check(files) {
      const next = new Map<string, Observation>();
      const waits = files.map((file) => {
        const version = `${file.size} ${file.modifiedMicros}`;
        const before = observed.get(file.path);
        const seen = before?.version === version ? before : { version, sinceMs: clock.monotonicMs() };
        const ageMs = clock.nowMs() - Number(file.modifiedMicros / 1000n);
        const waitMs = periodMs - Math.max(ageMs, clock.monotonicMs() - seen.sinceMs);
        if (waitMs > 0) next.set(file.path, seen);
        return Math.max(0, waitMs);
      });
      observed = next;
      return Promise.resolve(waits);
    },
  };
}
