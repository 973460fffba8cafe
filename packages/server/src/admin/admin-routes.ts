// `/admin/...`: what the command line and operators ask of a running instance. JSON with all digits; long work answers line by line.
import type { FastifyInstance, FastifyReply } from "fastify";
import { describeType, MillraceError, type Clock, type ProjectDefinition, type SqlValue } from "@millrace/core";
import type { Platform } from "@millrace/runtime";
import { httpLimits, type Operations, type ServerParts } from "../server-parts.ts";
import { bodyOf, boundedCount, parametersOf, textField, wholeNumber } from "./admin-request.ts";
import { adminLimits, listLimit, operate, read, seesPersonalData, sendJson } from "./admin-answer.ts";
import { addDeliveryRoutes } from "./delivery-routes.ts";
import { addQuarantineRoutes } from "./quarantine-routes.ts";
import { streamProgress } from "./progress-stream.ts";
import { requireReadable } from "./readable-statement.ts";

export interface AdminParts extends Pick<ServerParts, "platform" | "operations" | "log"> {
  readonly clock: Clock;
}

export function addAdminRoutes(app: FastifyInstance, parts: AdminParts): void {
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    const bodyLimit = httpLimits.adminBodyBytesMax;
    scope.addContentTypeParser("application/json", { parseAs: "buffer", bodyLimit }, (_request, body, parsed) =>
      parsed(null, body),
    );
    addStatusRoutes(scope, parts.platform);
    addQueryRoute(scope, parts.platform);
    addQuarantineRoutes(scope, parts.platform);
    addDeliveryRoutes(scope, parts.platform);
    addPlanRoute(scope, parts);
    addWorkRoutes(scope, parts);
    done();
  });
}

function addStatusRoutes(app: FastifyInstance, platform: Platform): void {
  app.get("/admin/status", read, async (_request, reply) => sendJson(reply, await platform.status()));
  app.get("/admin/report", read, async (_request, reply) => sendJson(reply, await platform.report()));
  app.get("/admin/batches", read, async (request, reply) => {
    const { channel, limit } = parametersOf(request, ["channel", "limit"]);
    const options = { limit: listLimit(limit), ...(channel === undefined ? {} : { channel }) };
    return sendJson(reply, { batches: await platform.batches(options) });
  });
}

function addQueryRoute(app: FastifyInstance, platform: Platform): void {
  app.post("/admin/query", read, async (request, reply) => {
    const body = bodyOf(request);
    const sql = textField(body, "sql", adminLimits.sqlCharsMax);
    const bounds = { fallback: adminLimits.queryRowsDefault, most: adminLimits.queryRowsMax };
    const rowsMax = boundedCount("rowsMax", body["rowsMax"], bounds);
    await requireReadable(sql, platform.warehouse, { showPii: seesPersonalData(request) });
    const leaving = new AbortController();
    reply.raw.once("close", () => leaving.abort());
    const { queryTimeoutMs: timeoutMs } = adminLimits;
    const result = await platform.warehouse.query(sql, [], { rowsMax, timeoutMs, signal: leaving.signal });
    return sendJson(reply, {
      columns: result.columns.map(({ name, type }) => ({ name, type: describeType(type) })),
      rows: result.rows.map((row) => row.map(printable)),
    });
  });
}

/** Bytes have no JSON of their own. */
function printable(value: SqlValue): SqlValue {
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
}

function addPlanRoute(app: FastifyInstance, { platform, operations }: AdminParts): void {
  app.post("/admin/plan", read, async (request, reply) => {
    const { project } = bodyOf(request);
    if (project === undefined) return sendJson(reply, await platform.plan());
    const next = projectOf(project);
    await operations.check?.(next);
    return sendJson(reply, await platform.plan(next));
  });
  app.post("/admin/lineage", read, async (request, reply) => {
    const body = bodyOf(request);
    const table = textField(body, "table", adminLimits.nameCharsMax);
    const column = body["column"] === undefined ? {} : { column: textField(body, "column", adminLimits.nameCharsMax) };
    const next = body["project"] === undefined ? undefined : projectOf(body["project"]);
    return sendJson(reply, await platform.lineage({ table, ...column }, next));
  });
}

/** A project that another process has loaded and validated; here only its outline is checked. */
function projectOf(value: unknown): ProjectDefinition {
  const project = value as Partial<ProjectDefinition> | null;
  if (
    typeof project === "object" &&
    project !== null &&
    Array.isArray(project.domains) &&
    typeof project.folder === "string"
  )
    return project as ProjectDefinition;
  throw new MillraceError("request-invalid", "project is not a loaded project.", { details: { field: "project" } });
}

function addWorkRoutes(app: FastifyInstance, parts: AdminParts): void {
  const { platform, operations } = parts;
  app.post("/admin/replay", operate, async (request, reply) => {
    const body = bodyOf(request);
    const id =
      body["request"] === undefined ? {} : { request: textField(body, "request", adminLimits.requestCharsMax) };
    return sendJson(reply, await platform.replay(wholeNumber("batch", body["batch"]), id));
  });
  app.post("/admin/run", operate, (request, reply) =>
    streamProgress((options) => platform.runUntilIdle(options), { request, reply }, parts),
  );
  app.post("/admin/backup", operate, (request, reply) => {
    const folder = textField(bodyOf(request), "folder", adminLimits.pathCharsMax);
    return streamProgress((options) => operations.backup(folder, options), { request, reply }, parts);
  });
  app.post("/admin/stop", operate, (_request, reply) => {
    stopAfter(reply, operations);
    return sendJson(reply.code(202), { stopping: true });
  });
}

/** The caller gets its answer before the process begins to end. */
function stopAfter(reply: FastifyReply, operations: Pick<Operations, "stop">): void {
  reply.raw.once("close", () => operations.stop());
}
