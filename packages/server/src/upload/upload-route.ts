// `POST /upload/<channel>` and `PUT /upload/<channel>/<name>`: files in. Bodies are streams from the socket to the disk; nothing holds a whole file.
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { fromErrorReport, MillraceError, readDigests, stringifyExact, type Clock, type Digest } from "@millrace/core";
import type { FileReceipt, Platform, UploadPart } from "@millrace/runtime";
import { jsonContentType } from "../http/security-headers.ts";
import { multipartParts } from "./multipart-parts.ts";
import { watchBody } from "./watched-body.ts";

export interface UploadRouteParts {
  readonly platform: Pick<Platform, "upload" | "uploadRules">;
  readonly clock: Clock;
}

/** What a form may need beside its files; and how far a body may be ahead of whoever counts its file. */
const besideBytes = 8 * 1024 * 1024;
const formType = "multipart/form-data";

interface Channel {
  readonly Params: { readonly channel: string };
}

export function addUploadRoutes(app: FastifyInstance, parts: UploadRouteParts): void {
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    // Nothing is parsed: the routes read the socket themselves.
    scope.addContentTypeParser("*", (_request, _body, parsed) => parsed(null));
    const options = { config: { access: "events.write" } } as const;
    scope.post<Channel>("/upload/:channel", options, (request, reply) => answer(parts, request, reply));
    scope.put<Channel & { Params: { readonly name: string } }>("/upload/:channel/:name", options, (request, reply) =>
      answer(parts, request, reply, request.params.name),
    );
    done();
  });
}

async function answer(
  parts: UploadRouteParts,
  request: FastifyRequest<Channel>,
  reply: FastifyReply,
  name?: string,
): Promise<FastifyReply> {
  // The rest of a body that nobody reads is not waited for.
  if (!request.raw.complete) void reply.header("connection", "close");
  const files = await parts.platform.upload(request.params.channel, partsOf(parts, request, name));
  if (request.raw.complete) void reply.removeHeader("connection");
  const taken = files.filter(({ state }) => state !== "refused");
  const [refused] = files.filter(({ error }) => error !== undefined);
  if (taken.length === 0 && refused?.error !== undefined) throw refusal(files, refused.error);
  const repeated = taken.every(({ state }) => state === "repeated");
  return reply
    .code(repeated ? 200 : 201)
    .header("content-type", jsonContentType)
    .send(stringifyExact({ files }));
}

/** One refused file is its own error; of several, the first gives the code. */
function refusal(files: readonly FileReceipt[], first: NonNullable<FileReceipt["error"]>): MillraceError {
  const error = fromErrorReport(first);
  if (files.length === 1) return error;
  const details = { ...error.details, files };
  return new MillraceError(error.code, `None of ${files.length} files is taken: ${error.message}`, {
    hint: error.hint,
    details,
  });
}

async function* partsOf(
  { platform, clock }: UploadRouteParts,
  request: FastifyRequest<Channel>,
  name: string | undefined,
): AsyncGenerator<UploadPart> {
  const { headers } = request;
  const rules = platform.uploadRules(request.params.channel);
  const isForm = (headers["content-type"] ?? "").trim().toLowerCase().startsWith(formType);
  checkHeaders(request, { isForm, named: name !== undefined });
  const digests = readDigests(headers);
  const bytesMax = (name === undefined ? rules.filesMax : 1) * rules.fileBytesMax + besideBytes;
  const length = Number(headers["content-length"] ?? 0);
  if (name === undefined && length > bytesMax)
    throw new MillraceError("upload-too-large", `The request has ${length} bytes; at most ${bytesMax} are taken.`);
  // The checksum of a form is that of the whole request.
  const body = watchBody(request.raw, { ...rules, bytesMax }, { clock, digests: name === undefined ? digests : [] });
  try {
    if (name === undefined) yield* multipartParts(body, headers, rules.filesMax);
    else yield* rawParts(request, { name, digests, body: length > rules.fileBytesMax ? tooLarge(name, length) : body });
  } finally {
    body.destroy();
  }
}

function checkHeaders(
  { headers }: FastifyRequest<Channel>,
  { isForm, named }: { isForm: boolean; named: boolean },
): void {
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity")
    throw new MillraceError("media-type-unsupported", "Compressed bodies are not taken here.", {
      hint: "Send the file as it is; a file that is itself compressed is welcome.",
    });
  if (isForm !== named) return;
  throw new MillraceError(
    "media-type-unsupported",
    named ? "PUT takes the bytes of one file, not a form." : "POST takes a form.",
    { hint: `Send ${formType} by POST, or the bytes alone by PUT /upload/<channel>/<name>.` },
  );
}

/** Fields of a single file stand in the query. */
function* rawParts(
  request: FastifyRequest<Channel>,
  {
    name,
    digests,
    body,
  }: { readonly name: string; readonly digests: readonly Digest[]; readonly body: AsyncIterable<Uint8Array> },
): Generator<UploadPart> {
  const at = request.url.indexOf("?");
  for (const [field, value] of new URLSearchParams(at < 0 ? "" : request.url.slice(at + 1)))
    yield { kind: "field", name: field, value };
  const declaredType = request.headers["content-type"];
  yield { kind: "file", name, digests, content: body, ...(declaredType === undefined ? {} : { declaredType }) };
}

/** Content that is refused before any of it is read. */
function tooLarge(name: string, bytes: number): AsyncIterable<Uint8Array> {
  const error = new MillraceError("upload-too-large", `"${name}" has ${bytes} bytes, more than this channel takes.`, {
    details: { name, bytes },
  });
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}
