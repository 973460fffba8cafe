// The reader under test: a manifest's stream through Millrace's own loader, compiler and engine, with the network and the clock of the test.
import { readFileSync } from "node:fs";
import { silentMetrics, type Logger, type Random, type Secrets } from "@millrace/core";
import { loadManifest, type LoadedManifest } from "../../packages/connectors/src/manifest/load/load-manifest.ts";
import { AirbyteSource } from "../../packages/connectors/src/manifest/source/airbyte-source.ts";
import { AnswerCache } from "../../packages/connectors/src/rest-engine/answer-cache.ts";
import type { EngineContext, StreamPlan } from "../../packages/connectors/src/rest-engine/components.ts";
import { createManners } from "../../packages/connectors/src/rest-engine/manners/upstream-manners.ts";
import { Redactor } from "../../packages/connectors/src/rest-engine/redactor.ts";
import { StreamWalk, type WalkedPage } from "../../packages/connectors/src/rest-engine/stream-walk.ts";
import { UnsupportedStream, type ReadSync, type SyncJob, type SyncRead } from "./check-stream.ts";
import { manifestPath } from "./manifests.ts";

const STREAM_TIMEOUT_MS = 30_000;
const silentLog: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};
const seeded: Random = {
  next: () => 0.5,
  uuid: () => "00000000-0000-7000-8000-000000000000",
  bytes: (length) => new Uint8Array(length),
};
const manifests = new Map<string, LoadedManifest>();

/** A change of the engine's objects, so that a test can see that a wrong engine is found out. */
export type PlanChange = (plan: StreamPlan) => StreamPlan;

function load(path: string): LoadedManifest {
  const known = manifests.get(path) ?? loadManifest(readFileSync(path, "utf8"), path);
  manifests.set(path, known);
  return known;
}

export function loads(name: string): boolean {
  try {
    load(manifestPath(name));
    return true;
  } catch {
    return false;
  }
}

/** Secrets of one sync: nothing is declared, what a token endpoint rotates is kept. */
function ownSecrets(): Secrets {
  const kept = new Map<string, string>();
  return {
    kept: {
      get: async (name) => {
        const value = kept.get(name);
        return value === undefined ? undefined : { reveal: () => value };
      },
      put: async (name, value) => void kept.set(name, value),
    },
    resolve: async () => ({ reveal: () => "" }),
    setting: ({ fallback }) => fallback ?? "",
  };
}

function engineFor({ http, clock }: SyncJob): EngineContext {
  const surroundings = { clock, log: silentLog, metrics: silentMetrics };
  const manners = createManners(surroundings);
  const own = { random: seeded, channel: "parity.stream", redactor: new Redactor(), personal: false };
  return { http, ...surroundings, ...own, manners, secrets: ownSecrets(), answers: new AnswerCache() };
}

/** The records of a page as the warehouse reads them from its lines. */
function recordsOf({ content }: WalkedPage): Record<string, unknown>[] {
  const lines = Buffer.from(content.bytes).toString("utf8").split("\n");
  return lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function readSync(job: SyncJob, change: PlanChange): Promise<SyncRead> {
  const surroundings = { nowMicros: () => job.clock.nowMicros(), uuid: () => seeded.uuid() };
  const source = new AirbyteSource({ manifest: load(job.manifest), config: job.config, surroundings });
  const engine = engineFor(job);
  const signal = AbortSignal.timeout(STREAM_TIMEOUT_MS);
  if (source.hasDynamicStreams) await source.resolve(engine, signal);
  const report = source.report().find(({ name }) => name === job.stream);
  if (report?.supported === false) throw new UnsupportedStream(report.reason ?? "Millrace does not support it");
  const plan = change(source.plan(job.stream, { hasState: job.state !== undefined }));
  const walk = new StreamWalk(engine, plan, job.state === undefined ? {} : { state: job.state });
  const records: Record<string, unknown>[] = [];
  for await (const page of walk.pages(signal)) records.push(...recordsOf(page));
  return { records, state: walk.ended.state };
}

/** @param change applied to the plan of each stream before it is read */
export function millraceReader(change: PlanChange = (plan) => plan): ReadSync {
  return (job) => readSync(job, change);
}
