// Puts the HTTP interface together: one router behind every door. Nothing here knows what the routes do.
import type { IncomingMessage, ServerResponse } from "node:http";
import Fastify, { type FastifyInstance } from "fastify";
import { createTokenAuthenticator, everyPermission, grantToken, type Authenticator } from "@millrace/access";
import { MillraceError, systemClock, systemRandom, type Clock, type Random } from "@millrace/core";
import { addAdminRoutes } from "./admin/admin-routes.ts";
import { Catalogue } from "./catalogue/catalogue.ts";
import { addDataRoutes } from "./data/data-routes.ts";
import { DataService } from "./data/data-service.ts";
import { addHealthRoutes } from "./health/health-routes.ts";
import { createErrorReply } from "./http/error-reply.ts";
import { installGuard } from "./http/guard.ts";
import { installHttpMetrics } from "./http/http-metrics.ts";
import { openListener, type ListenAddress, type Listener } from "./http/listener.ts";
import { RefusalLog } from "./http/refusal-log.ts";
import { addHookRoute } from "./ingest/hook-route.ts";
import { addIngestRoute } from "./ingest/ingest-route.ts";
import { addOpenApiRoute } from "./openapi/openapi.ts";
import { addQualityRoutes } from "./quality/quality-routes.ts";
import { httpLimits, type ServerParts } from "./server-parts.ts";
import { addBlobRoute } from "./upload/blob-route.ts";
import { addUploadRoutes } from "./upload/upload-route.ts";

/** The HTTP interface of one platform. */
export interface MillraceServer {
  /** Opens one more door; all lead to the same routes. @throws MillraceError port-in-use, listen-failed */
  listen(at: ListenAddress): Promise<Listener>;
  /** One request without a socket, for tests and for embedding. */
  readonly inject: FastifyInstance["inject"];
  /** Takes no new requests, lets those in flight finish for `drainMs` (default 10 s), then cuts them. May be called again. */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

/**
 * The platform may be started later: until then requests answer with errors and /readyz says so.
 *
 * @example
 * const server = await createServer({ platform, metrics, cache, token, version, bodyBytesMax, log, operations });
 * await server.listen({ host: "127.0.0.1", port: 4300 });
 */
export async function createServer(parts: ServerParts): Promise<MillraceServer> {
  const clock = parts.clock ?? systemClock;
  const random = parts.random ?? systemRandom;
  const catalogue = new Catalogue(parts.platform, () => clock.monotonicMs());
  let closing: Promise<void> | undefined;
  const app = createRouter(parts, clock, random);
  addRoutes(app, { ...parts, clock, catalogue, closing: () => closing !== undefined });
  await app.ready();
  const listeners: Listener[] = [];
  const close = async (drainMs: number): Promise<void> => {
    await Promise.all(listeners.map((listener) => listener.close(drainMs)));
    catalogue.close();
    await app.close();
  };
  return {
    async listen(at) {
      const listener = await openListener((...exchange) => enter(app, exchange, clock), at, clock);
      listeners.push(listener);
      return listener;
    },
    inject: app.inject.bind(app),
    close: (options = {}) => (closing ??= close(options.drainMs ?? httpLimits.drainMs)),
  };
}

/** Admin work and uploads may be silent for longer than a connection otherwise may: a query, a replay or a load takes as long as it takes. */
function enter(app: FastifyInstance, exchange: readonly [IncomingMessage, ServerResponse], clock: Clock): void {
  const [request, response] = exchange;
  const url = request.url ?? "";
  if (url.startsWith("/admin/") || url.startsWith("/upload/")) request.setTimeout(0);
  if (!url.startsWith("/upload/")) watchRequest(request, clock);
  app.routing(request, response);
}

/** Whoever sends a body so slowly is cut off. */
function watchRequest(request: IncomingMessage, clock: Clock): void {
  const { headers } = request;
  if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined) return;
  const cancel = clock.after(httpLimits.requestTimeoutMs, () => {
    if (!request.complete) request.socket.destroy();
  });
  request.once("close", cancel);
}

function createRouter(parts: ServerParts, clock: Clock, random: Random): FastifyInstance {
  const { log, metrics } = parts;
  const noQuery = {};
  const app = Fastify({
    logger: false,
    bodyLimit: parts.bodyBytesMax,
    return503OnClosing: true,
    // No route has a schema. The framework's own compilers, a hundred modules, are not even loaded.
    schemaController: { compilersFactory: { buildValidator: () => noSchema, buildSerializer: () => noSchema } },
    // Queries are read by the routes that have one, in their own grammar.
    routerOptions: {
      maxParamLength: httpLimits.urlCharsMax,
      querystringParser: () => noQuery,
      ignoreTrailingSlash: false,
    },
  });
  app.removeAllContentTypeParsers();
  installGuard(app, authenticatorOf(parts));
  installHttpMetrics(app, metrics);
  app.setErrorHandler(createErrorReply({ log, metrics, random, refusals: new RefusalLog(log, clock) }));
  app.setNotFoundHandler((request) => {
    const path = request.url.split("?", 1)[0]?.slice(0, 200);
    throw new MillraceError("not-found", `There is nothing at ${request.method} ${path}.`);
  });
  return app;
}

function noSchema(): never {
  throw new MillraceError(
    "internal",
    "Routes have no schemas: contracts judge what comes in, answers are written by hand.",
  );
}

function authenticatorOf({ token, ownerToken }: ServerParts): Authenticator {
  const admin = grantToken({ name: "admin", token, permissions: everyPermission });
  if (ownerToken === undefined) return createTokenAuthenticator([admin]);
  return createTokenAuthenticator([
    admin,
    grantToken({ name: "owner", token: ownerToken, permissions: everyPermission }),
  ]);
}

interface RouteParts extends ServerParts {
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly closing: () => boolean;
}

function addRoutes(app: FastifyInstance, parts: RouteParts): void {
  const { platform, catalogue, cache, metrics, spillFolder } = parts;
  addHealthRoutes(app, parts);
  addIngestRoute(app, platform, parts.bodyBytesMax);
  addHookRoute(app, platform, parts.bodyBytesMax);
  addUploadRoutes(app, parts);
  addBlobRoute(app, platform);
  addDataRoutes(app, new DataService({ catalogue, cache, metrics, spillFolder, warehouse: platform.warehouse }));
  addOpenApiRoute(app, { catalogue, project: () => platform.project, version: parts.version });
  addQualityRoutes(app, platform);
  addAdminRoutes(app, parts);
}
