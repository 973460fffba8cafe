// A large result as chunks of text. The warehouse is read as fast as it goes, through a queue that spills, so a slow client holds nothing of it. Ends
// only after the warehouse's own proof that the last row was seen.
import { Readable } from "node:stream";
import type { ResultStream } from "@millrace/core";
import type { RowWriter } from "./answer/row-writer.ts";
import { SpillQueue, type SpillOptions } from "./spill-queue.ts";

export interface RowStreamEvents {
  /** Called once, when the client has everything or is gone. */
  readonly onEnd: () => void;
  readonly onFault: (thrown: unknown) => Error;
}

/**
 * Resolves when the first rows are there, so that a statement that fails at once is an ordinary error. When the result breaks off later
 * the body is destroyed, and the connection with it: a client never takes a part for the whole.
 */
export async function openRowStream(
  rows: ResultStream,
  writer: RowWriter,
  options: RowStreamEvents & { readonly spill: SpillOptions },
): Promise<Readable> {
  const chunks = textChunks(rows, writer, options.onFault);
  const queue = new SpillQueue(options.spill);
  let first: IteratorResult<Uint8Array>;
  try {
    first = await chunks.next();
  } catch (error) {
    options.onEnd();
    throw error;
  }
  void fill(queue, first, chunks);
  const push = async (body: Readable): Promise<void> => {
    try {
      body.push(await queue.pull());
    } catch (error) {
      body.destroy(error as Error);
    }
  };
  return new Readable({
    read() {
      void push(this);
    },
    destroy(error, done) {
      queue.close();
      options.onEnd();
      done(error);
    },
  });
}

/** Never rejects: what goes wrong reaches the reader through the queue. Ends the warehouse's stream as soon as the reader has left. */
async function fill(
  queue: SpillQueue,
  first: IteratorResult<Uint8Array>,
  chunks: AsyncGenerator<Uint8Array, undefined>,
): Promise<void> {
  try {
    for (let next = first; next.done !== true; next = await chunks.next()) if (!(await queue.push(next.value))) break;
    queue.end();
  } catch (error) {
    queue.end({ error });
  } finally {
    await chunks.return(undefined).catch(() => undefined);
  }
}

async function* textChunks(
  rows: ResultStream,
  writer: RowWriter,
  onFault: RowStreamEvents["onFault"],
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
    throw onFault(thrown);
  }
}
