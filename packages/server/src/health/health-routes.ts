// Whether the process lives, whether it can work, and its numbers.
import type { FastifyInstance } from "fastify";
import type { Cache, Clock, ErrorCode, ErrorReport } from "@millrace/core";
import { MillraceError, toMillraceError } from "@millrace/core";
import { metricsContentType, type MetricsRegistry, type Platform } from "@millrace/runtime";
import { jsonContentType } from "../http/security-headers.ts";

export interface HealthParts {
  readonly platform: Pick<Platform, "health">;
  readonly metrics: MetricsRegistry;
  readonly cache: Cache;
  readonly clock: Clock;
  readonly version: string;
  /** True once the server has begun to close. */
  readonly closing: () => boolean;
}

interface Readiness {
  readonly ready: boolean;
  /** Codes alone: this answer is public. */
  readonly components: Readonly<Record<string, "ok" | ErrorCode>>;
}

const healthTimeoutMs = 3_000;
/** A flood of probes asks the stores this often at most. */
const freshMs = 500;

export function addHealthRoutes(app: FastifyInstance, parts: HealthParts): void {
  const alive = `{"status":"ok","version":${JSON.stringify(parts.version)}}`;
  app.get("/healthz", { config: { access: "public" } }, (_request, reply) =>
    reply.header("content-type", jsonContentType).send(alive),
  );
  const readiness = createReadiness(parts);
  app.get("/readyz", { config: { access: "public" } }, async (_request, reply) => {
    const answer = parts.closing() ? { ready: false, components: { server: "overloaded" } } : await readiness();
    return reply
      .code(answer.ready ? 200 : 503)
      .header("content-type", jsonContentType)
      .send(JSON.stringify(answer));
  });
  app.get("/metrics", { config: { access: "metrics.read" } }, (_request, reply) => {
    const { hits, misses, bytes } = parts.cache.stats;
    parts.metrics.gauge("millrace_cache_hits", hits);
    parts.metrics.gauge("millrace_cache_misses", misses);
    parts.metrics.gauge("millrace_cache_bytes", bytes);
    return reply.header("content-type", metricsContentType).send(parts.metrics.render());
  });
}

function createReadiness({ platform, clock }: HealthParts): () => Promise<Readiness> {
  let last: { readonly atMs: number; readonly answer: Promise<Readiness> } | undefined;
  return () => {
    const nowMs = clock.monotonicMs();
    if (last === undefined || nowMs - last.atMs > freshMs) last = { atMs: nowMs, answer: read(platform, clock) };
    return last.answer;
  };
}

async function read(platform: Pick<Platform, "health">, clock: Clock): Promise<Readiness> {
  try {
    const { ready, components } = await withDeadline(platform.health(), clock);
    const codes = Object.entries(components).map(([name, state]) => [name, codeOf(state)] as const);
    const well = codes.every(([, code]) => code === "ok");
    return { ready: ready && well, components: Object.fromEntries(codes) };
  } catch (thrown) {
    return { ready: false, components: { platform: toMillraceError(thrown).code } };
  }
}

function codeOf(state: "ok" | ErrorReport): "ok" | ErrorCode {
  return state === "ok" ? "ok" : state.code;
}

function withDeadline<T>(work: Promise<T>, clock: Clock): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(healthTimeoutMs, () =>
      reject(new MillraceError("deadline-exceeded", `The check took longer than ${healthTimeoutMs} ms.`)),
    );
    work.then(resolve, reject).finally(cancel);
  });
}
