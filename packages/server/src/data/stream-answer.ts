// A large result as chunks of text, as fast as the client takes them. Ends only after the warehouse's own proof that the last row was seen.
import { Readable } from "node:stream";
import type { ResultStream } from "@millrace/core";
import type { RowWriter } from "./answer/row-writer.ts";

export interface RowStreamEvents {
  /** Called once, also when the client goes away. */
  readonly onEnd: () => void;
  readonly onFault: (thrown: unknown) => Error;
}

/**
 * Resolves when the first rows are there, so that a statement that fails at once is an ordinary error. When the result breaks off later
 * the body is destroyed, and the connection with it: a client never takes a part for the whole.
 */
export async function openRowStream(rows: ResultStream, writer: RowWriter, events: RowStreamEvents): Promise<Readable> {
  const chunks = textChunks(rows, writer, events);
  // Started here: a generator that never ran would skip its `finally` and keep the warehouse's connection.
  let ready: Promise<IteratorResult<Uint8Array>> | undefined = Promise.resolve(await chunks.next());
  const push = async (body: Readable): Promise<void> => {
    const next = ready ?? chunks.next();
    ready = undefined;
    try {
      const result = await next;
      body.push(result.done === true ? null : result.value);
    } catch (error) {
      body.destroy(error as Error);
    }
  };
  return new Readable({
    read() {
      void push(this);
    },
    destroy(error, done) {
      void chunks
        .return(undefined)
        .catch(() => undefined)
        .finally(() => {
          done(error);
        });
    },
  });
}

async function* textChunks(
  rows: ResultStream,
  writer: RowWriter,
  events: RowStreamEvents,
): AsyncGenerator<Uint8Array, undefined> {
  let first = true;
  try {
    for await (const chunk of rows) {
      const lead = first ? writer.open : writer.separator;
      first = false;
      yield Buffer.from(lead + chunk.map((row) => writer.row(row)).join(writer.separator), "utf8");
    }
    const lead = first ? writer.open : "";
    // A form of lines has no last line to end when there is none.
    yield Buffer.from(first && writer.close === "\n" ? lead : lead + writer.close, "utf8");
    return undefined;
  } catch (thrown) {
    throw events.onFault(thrown);
  } finally {
    events.onEnd();
  }
}
