// `/data/...`: the tables over HTTP. Everything about the answer is decided in data-service.ts; here are only path, headers and status.
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { MillraceError } from "@millrace/core";
import { dataCacheControl } from "../http/security-headers.ts";
import type { DataAnswer, DataService } from "./data-service.ts";
import type { DataRequest } from "./data-request.ts";
import { statusHeader } from "./page-answer.ts";

interface TablePath {
  readonly Params: { readonly domain: string; readonly table: string };
}

/** HEAD answers as GET does, without the body. */
export function addDataRoutes(app: FastifyInstance, service: DataService): void {
  const options = { config: { access: "data.read" } } as const;
  const page = async (request: FastifyRequest<TablePath>, reply: FastifyReply): Promise<FastifyReply> =>
    send(request, reply, await service.answer(readRequest(request), request.headers["if-none-match"]));
  const row = async (request: FastifyRequest<TablePath>, reply: FastifyReply): Promise<FastifyReply> => {
    const key = keySegment(request.url);
    return send(
      request,
      reply,
      await service.answer({ ...readRequest(request), key }, request.headers["if-none-match"]),
    );
  };
  app.get<TablePath>("/data/:domain/:table", options, page);
  app.get<TablePath & { Params: { key: string } }>("/data/:domain/:table/:key", options, row);
}

function readRequest(request: FastifyRequest<TablePath>): DataRequest {
  const { url, headers, params } = request;
  const at = url.indexOf("?");
  return {
    domain: params.domain,
    table: params.table,
    query: at < 0 ? "" : url.slice(at + 1),
    accept: headers.accept,
    prefer: headers["prefer"] as string | undefined,
    range: headers.range,
  };
}

/** The last segment before the query, still encoded, so that a comma inside a value is told from one between values. */
function keySegment(url: string): string {
  const path = url.split("?", 1)[0] ?? "";
  const segment = path.slice(path.lastIndexOf("/") + 1);
  if (segment === "") throw new MillraceError("not-found", "The key is empty.");
  return segment;
}

function send(request: FastifyRequest, reply: FastifyReply, answer: DataAnswer): FastifyReply {
  void reply.code(answer.status);
  for (const name in answer.headers) {
    if (name !== statusHeader) void reply.header(name, answer.headers[name]);
  }
  void reply.header("cache-control", dataCacheControl).header("vary", "accept, prefer, range, authorization");
  if (request.method === "HEAD" && answer.body !== undefined && !(answer.body instanceof Uint8Array)) {
    answer.body.destroy();
    return reply.send();
  }
  return reply.send(answer.body);
}
