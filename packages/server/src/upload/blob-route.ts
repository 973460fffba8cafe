// `GET /blob/<domain>/<table>/<id>`: stored files out, whole or a range of them. Whatever a file says it is, a browser only ever saves it.
import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { MillraceError } from "@millrace/core";
import type { Platform, StoredBlob } from "@millrace/runtime";
import { dataCacheControl } from "../http/security-headers.ts";

interface BlobPath {
  readonly Params: { readonly domain: string; readonly table: string; readonly id: string };
}

/** HEAD answers as GET does, without the body. */
export function addBlobRoute(app: FastifyInstance, platform: Pick<Platform, "blob">): void {
  app.get<BlobPath>("/blob/:domain/:table/:id", { config: { access: "data.read" } }, async (request, reply) => {
    const blob = await platform.blob(request.params);
    const tag = `"${blob.sha256}"`;
    void reply
      .header("etag", tag)
      .header("accept-ranges", "bytes")
      .header("cache-control", dataCacheControl)
      .header("content-disposition", disposition(blob.name))
      .header("content-type", blob.type);
    if (names(request.headers["if-none-match"], tag)) return reply.code(304).send();
    const range = rangeOf(request, blob, tag);
    const bytes = range === undefined ? blob.bytes : range.last - range.first + 1;
    void reply.code(range === undefined ? 200 : 206).header("content-length", String(bytes));
    if (range !== undefined) void reply.header("content-range", `bytes ${range.first}-${range.last}/${blob.bytes}`);
    // An empty stream keeps the length that was set.
    if (request.method === "HEAD") return reply.send(Readable.from([]));
    return send(reply, blob, range);
  });
}

async function send(reply: FastifyReply, blob: StoredBlob, range?: ByteRange): Promise<FastifyReply> {
  const content = Readable.from(await blob.open(range), { objectMode: false });
  return reply.send(content);
}

/** The name in ASCII for old clients, and whole (RFC 6266, RFC 8187). */
function disposition(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const whole = encodeURIComponent(name).replace(
    /['()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${whole}`;
}

function names(header: string | undefined, tag: string): boolean {
  const tags = (header ?? "").split(",").map((one) => one.trim().replace(/^W\//, ""));
  return tags.includes(tag) || tags.includes("*");
}

interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** One range; several, other units and an outdated If-Range are answered with the whole file, as HTTP allows. */
function rangeOf({ headers }: FastifyRequest, { bytes }: StoredBlob, tag: string): ByteRange | undefined {
  const condition = headers["if-range"];
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(headers.range?.trim() ?? "");
  const [, from = "", to = ""] = match ?? [];
  if (from + to === "" || (condition !== undefined && condition !== tag)) return undefined;
  const range = from === "" ? tailOf(bytes, Number(to)) : { first: Number(from), last: lastOf(bytes, to) };
  if (range.first <= range.last) return range;
  throw new MillraceError("range-not-satisfiable", `The file has ${bytes} bytes.`, { details: { bytes } });
}

function tailOf(bytes: number, count: number): ByteRange {
  return { first: Math.max(0, bytes - count), last: bytes - 1 };
}

function lastOf(bytes: number, to: string): number {
  return to === "" ? bytes - 1 : Math.min(Number(to), bytes - 1);
}
