// A form (multipart/form-data, RFC 7578) as parts, one after the other: the next is parsed while nobody waits only as far as small buffers reach.
import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import { Busboy, type BusboyFileStream, type BusboyHeaders } from "@fastify/busboy";
import { MillraceError } from "@millrace/core";
import type { UploadPart } from "@millrace/runtime";

const limits = {
  fields: 101,
  fieldSize: 64 * 1024,
  fieldNameSize: 200,
  headerPairs: 32,
  headerSize: 8 * 1024,
} as const;

type Waiting = { readonly part: UploadPart; readonly stream?: BusboyFileStream };

/** @throws MillraceError request-invalid, upload-too-many-parts, and what fails the body */
export async function* multipartParts(
  body: Readable,
  headers: IncomingHttpHeaders,
  filesMax: number,
): AsyncGenerator<UploadPart> {
  const form = new FormParser(headers, filesMax);
  body.once("error", (error) => form.fail(error));
  body.pipe(form.parser);
  try {
    for (let next = await form.next(); next !== undefined; next = await form.next()) {
      yield next.part;
      await drained(next.stream);
    }
  } finally {
    body.unpipe(form.parser);
    form.fail(new MillraceError("cancelled", "The form is not read any further."));
  }
}

/** A part that nobody wanted to its end stands in the way of the next one. */
async function drained(stream: BusboyFileStream | undefined): Promise<void> {
  if (stream === undefined || stream.readableEnded || stream.destroyed) return;
  const ended = Promise.withResolvers<void>();
  stream.once("end", () => ended.resolve());
  stream.once("error", (error) => ended.reject(asFault(error)));
  stream.once("close", () => ended.resolve());
  stream.resume();
  await ended.promise;
}

class FormParser {
  readonly parser: InstanceType<typeof Busboy>;
  readonly #waiting: Waiting[] = [];
  readonly #streams = new Set<BusboyFileStream>();
  #ended = false;
  #failure: Error | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(headers: IncomingHttpHeaders, filesMax: number) {
    this.parser = openParser(headers, filesMax);
    this.parser.on("file", (_field, stream, name, _encoding, type) => this.#file(stream, name, type));
    this.parser.on("field", (name, value, _nameTruncated, cut) => {
      if (cut) this.fail(new MillraceError("request-invalid", "A field of the form is too long; nothing was written."));
      else this.#push({ part: { kind: "field", name: name ?? "", value } });
    });
    for (const event of ["partsLimit", "filesLimit", "fieldsLimit"] as const)
      this.parser.on(event, () =>
        this.fail(new MillraceError("upload-too-many-parts", "The form has too many parts.")),
      );
    this.parser.on("error", (error) => this.fail(asFault(error)));
    this.parser.on("finish", () => {
      this.#ended = true;
      this.#wake.resolve();
    });
  }

  async next(): Promise<Waiting | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const next = this.#waiting.shift();
      if (next !== undefined) return next;
      if (this.#ended) return undefined;
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }

  /** Ends everything that waits for more of the form. The first failure counts. */
  fail(thrown: unknown): void {
    this.#failure ??= asFault(thrown);
    for (const stream of this.#streams) stream.destroy(this.#failure);
    this.#wake.resolve();
  }

  #file(stream: BusboyFileStream, name: string | undefined, declaredType: string): void {
    this.#streams.add(stream);
    // The parser tells its reader; until there is one it must not count as unhandled.
    stream.on("error", () => undefined);
    stream.once("close", () => this.#streams.delete(stream));
    if (this.#failure !== undefined) stream.destroy(this.#failure);
    this.#push({
      part: { kind: "file", name: name ?? "", declaredType, digests: [], content: content(stream) },
      stream,
    });
  }

  #push(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#wake.resolve();
  }
}

async function* content(stream: BusboyFileStream): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) yield chunk as Uint8Array;
  } catch (thrown) {
    throw asFault(thrown);
  }
}

function openParser(headers: IncomingHttpHeaders, filesMax: number): InstanceType<typeof Busboy> {
  try {
    return new Busboy({
      headers: headers as BusboyHeaders,
      // A path in a name is to be seen, and refused.
      preservePath: true,
      limits: { ...limits, files: filesMax + 1, parts: filesMax + 1 + limits.fields },
    });
  } catch (cause) {
    throw new MillraceError("request-invalid", "The form cannot be read: its Content-Type has no boundary.", { cause });
  }
}

function asFault(thrown: unknown): MillraceError {
  if (thrown instanceof MillraceError) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  // What ends in the middle was cut off; anything else was never a form.
  if (/unexpected end|terminated early/i.test(reason))
    return new MillraceError("upload-interrupted", "The form ends inside a part; nothing of it was kept.");
  return new MillraceError("request-invalid", `The form cannot be read: ${reason}; nothing was written.`);
}
