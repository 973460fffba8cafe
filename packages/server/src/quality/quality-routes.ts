// `/quality`: pass rates, failing rules, trends and failing samples of every table, for the console and for other tools. Personal data is hidden.
import type { FastifyInstance } from "fastify";
import type { Platform } from "@millrace/runtime";
import { read, sendJson } from "../admin/admin-answer.ts";
import { parametersOf } from "../admin/admin-request.ts";

export function addQualityRoutes(app: FastifyInstance, platform: Platform): void {
  app.get("/quality", read, async (request, reply) => {
    parametersOf(request, []);
    return sendJson(reply, { tables: await platform.quality() });
  });
  app.get<{ Params: { domain: string; table: string } }>("/quality/:domain/:table", read, async (request, reply) => {
    parametersOf(request, []);
    const { domain, table } = request.params;
    return sendJson(reply, await platform.qualityOf(`${domain}.${table}`));
  });
}
