// Decides when a file is complete: a marker that is not older than it, a manifest that names it (manifest-readiness.ts), or a time in which it stood still.
import { parseDurationMs, type Clock, type ConnectorContext } from "@millrace/core";
import type { Readiness } from "./files-config.ts";
import { manifestCheck } from "./manifest-readiness.ts";
import { versionOf, type Place } from "./places/place.ts";
import { besideOf, isNamed, type ReadinessCheck } from "./readiness-check.ts";

export function readinessCheck(readiness: Readiness, place: Place, context: ConnectorContext): ReadinessCheck {
  if (readiness.kind === "marker") return markerCheck(readiness.name, place);
  if (readiness.kind === "manifest") return manifestCheck(readiness.name, place, context);
  return quietCheck(parseDurationMs(readiness.period) ?? 0, context.clock);
}

function markerCheck(name: string, place: Place): ReadinessCheck {
  return {
    waitMsMax: 0,
    isMarker: (file) => isNamed(file, name),
    async check(files) {
      const markers = new Map<string, Promise<bigint | undefined>>();
      return Promise.all(
        files.map(async (file) => {
          const path = besideOf(file, name);
          const marked = markers.get(path) ?? markerTime(place, path);
          markers.set(path, marked);
          const at = await marked;
          return at !== undefined && at >= file.modifiedMicros ? 0 : Number.POSITIVE_INFINITY;
        }),
      );
    },
  };
}

async function markerTime(place: Place, path: string): Promise<bigint | undefined> {
  return (await place.look(path).catch(() => undefined))?.modifiedMicros;
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
        const version = versionOf(file);
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
