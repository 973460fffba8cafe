// Talks to the owner of a data folder over its socket: the same admin routes, whether the owner is another process or this one.
import { request, type IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { fromErrorReport, MillraceError, parseExact, stringifyExact, type ErrorReport } from "@millrace/core";

/** Where an instance listens, and the proof that the caller may read its lock file. */
export interface AdminAddress {
  readonly socketPath: string;
  readonly token: string;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** For answers that come at once; long work streams and has no limit of its own. */
  readonly timeoutMs?: number;
}

/** The owner cannot be reached: it has ended, or is ending. The caller looks again who owns the folder. */
export class OwnerGone extends Error {}

const ANSWER_BYTES_MAX = 256 * 2 ** 20;
const DEFAULT_TIMEOUT_MS = 60_000;

export class AdminClient {
  readonly #address: AdminAddress;

  constructor(address: AdminAddress) {
    this.#address = address;
  }

  /** One answer. Numbers keep all digits. @throws MillraceError the error that the instance answered, OwnerGone */
  async call(method: "GET" | "POST", path: string, options: CallOptions = {}): Promise<unknown> {
    const answer = await this.#send(method, path, { timeoutMs: DEFAULT_TIMEOUT_MS, ...options });
    const text = await textOf(answer);
    if ((answer.statusCode ?? 500) >= 400) throw errorOf(text, answer.statusCode);
    return text === "" ? undefined : parseExact(text);
  }

  /** Long work: one value per line as it happens. A line `{"error": ...}` ends it with that error. */
  async *lines(method: "POST", path: string, options: CallOptions = {}): AsyncGenerator<unknown> {
    const answer = await this.#send(method, path, options);
    if ((answer.statusCode ?? 500) >= 400) throw errorOf(await textOf(answer), answer.statusCode);
    try {
      for await (const line of createInterface({ input: answer, crlfDelay: Number.POSITIVE_INFINITY })) {
        if (line.trim() === "") continue;
        const value = parseExact(line);
        if (isErrorLine(value)) throw fromErrorReport(value.error);
        yield value;
      }
    } catch (thrown) {
      throw options.signal?.aborted === true ? cancelled() : thrown;
    }
    if (!answer.complete) throw new OwnerGone("the instance ended in the middle of its answer");
  }

  #send(method: string, path: string, options: CallOptions): Promise<IncomingMessage> {
    const body = options.body === undefined ? undefined : Buffer.from(stringifyExact(options.body));
    return new Promise((resolve, reject) => {
      const call = request({
        socketPath: this.#address.socketPath,
        method,
        path,
        agent: false,
        headers: {
          host: "localhost",
          authorization: `Bearer ${this.#address.token}`,
          ...(body === undefined ? {} : { "content-type": "application/json", "content-length": body.byteLength }),
        },
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
      });
      call.on("timeout", () =>
        call.destroy(
          new MillraceError("deadline-exceeded", `The instance did not answer within ${options.timeoutMs} ms.`),
        ),
      );
      call.on("error", (error) => reject(explain(error, options.signal)));
      call.on("response", resolve);
      call.end(body);
    });
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    parts.push(part);
    bytes += part.byteLength;
    if (bytes > ANSWER_BYTES_MAX)
      throw new MillraceError("query-failed", `The answer is larger than ${ANSWER_BYTES_MAX} bytes.`, {
        hint: "Add a LIMIT, or read the table through GET /data/<domain>/<table>, which streams.",
      });
  }
  return Buffer.concat(parts).toString("utf8");
}

function explain(error: Error & { code?: string }, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return cancelled();
  if (error instanceof MillraceError) return error;
  if (["ECONNREFUSED", "ENOENT", "ECONNRESET", "EPIPE"].includes(error.code ?? "")) return new OwnerGone(error.message);
  return error;
}

function cancelled(): MillraceError {
  return new MillraceError("cancelled", "The command was cancelled.");
}

function errorOf(text: string, status: number | undefined): MillraceError {
  try {
    const value = parseExact(text) as Partial<ErrorReport> & { readonly error?: ErrorReport };
    if (value.error !== undefined) return fromErrorReport(value.error);
    if (value.code !== undefined) return fromErrorReport(value as ErrorReport);
  } catch {
    // Not JSON: told below with what it was.
  }
  return new MillraceError("internal", `The instance answered ${status}: ${text.slice(0, 200)}`);
}

function isErrorLine(value: unknown): value is { readonly error: ErrorReport } {
  return typeof value === "object" && value !== null && "error" in value && typeof value.error === "object";
}
