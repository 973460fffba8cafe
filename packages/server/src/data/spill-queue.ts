// Chunks of an answer between the warehouse, which is read as fast as it goes, and a client, which takes them as slowly as it likes: a little in
// memory, the rest in a file without a name. So nobody holds a snapshot of the warehouse open by not reading.
import { mkdir, mkdtemp, open, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";

export interface SpillOptions {
  readonly folder: string;
  readonly memoryBytesMax: number;
  /** Beyond this the writer waits for the reader. */
  readonly fileBytesMax: number;
}

const readBytes = 256 * 1024;

/** One writer, one reader. Chunks come out in the order in which they went in, cut differently. */
export class SpillQueue {
  readonly #options: SpillOptions;
  #memory: Uint8Array[] = [];
  #memoryBytes = 0;
  #file: Promise<FileHandle> | undefined;
  /** Positions in the file: what lies between them waits. */
  #written = 0;
  #read = 0;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #closed = false;
  /** The file is being written or read. */
  #busy = 0;
  #moved = Promise.withResolvers<void>();

  constructor(options: SpillOptions) {
    this.#options = options;
  }

  /** False when the reader has gone. @throws MillraceError storage-full, storage-failed */
  async push(chunk: Uint8Array): Promise<boolean> {
    while (!this.#closed && this.#written > this.#read && this.#written + chunk.byteLength > this.#options.fileBytesMax)
      await this.#moved.promise;
    if (this.#closed) return false;
    const fits = this.#memoryBytes === 0 || this.#memoryBytes + chunk.byteLength <= this.#options.memoryBytesMax;
    if (this.#written === this.#read && fits) {
      this.#memory.push(chunk);
      this.#memoryBytes += chunk.byteLength;
    } else await this.#append(chunk);
    this.#tell();
    return !this.#closed;
  }

  /** No more chunks; with an error, the reader gets it after what was written before. */
  end(failure?: { readonly error: unknown }): void {
    this.#ended = true;
    this.#failure = failure;
    this.#tell();
  }

  /** The next bytes; null at the end. */
  async pull(): Promise<Uint8Array | null> {
    for (;;) {
      const first = this.#memory.shift();
      if (first !== undefined) {
        this.#memoryBytes -= first.byteLength;
        this.#tell();
        return first;
      }
      if (this.#written > this.#read) return this.#take();
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#ended || this.#closed) return null;
      await this.#moved.promise;
    }
  }

  /** The reader leaves; the file's space is given back as soon as nobody uses it. */
  close(): void {
    this.#closed = true;
    this.#memory = [];
    this.#tell();
    this.#release();
  }

  async #append(chunk: Uint8Array): Promise<void> {
    if (this.#written === this.#read) this.#written = this.#read = 0;
    await this.#using(async (file) => {
      for (let done = 0; done < chunk.byteLength;)
        done += (await file.write(chunk, done, chunk.byteLength - done, this.#written + done)).bytesWritten;
    });
    this.#written += chunk.byteLength;
  }

  async #take(): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafe(Math.min(readBytes, this.#written - this.#read));
    const { bytesRead } = await this.#using((file) => file.read(bytes, 0, bytes.byteLength, this.#read));
    if (bytesRead === 0) throw new MillraceError("storage-failed", "A spilled answer lost bytes.");
    this.#read += bytesRead;
    this.#tell();
    return bytes.subarray(0, bytesRead);
  }

  async #using<T>(work: (file: FileHandle) => Promise<T>): Promise<T> {
    this.#busy += 1;
    try {
      this.#file ??= openUnnamed(this.#options.folder);
      return await work(await this.#file);
    } catch (error) {
      throw spillFault(error);
    } finally {
      this.#busy -= 1;
      if (this.#closed) this.#release();
    }
  }

  #release(): void {
    if (this.#busy > 0 || this.#file === undefined) return;
    const file = this.#file;
    this.#file = undefined;
    void file.then((handle) => handle.close()).catch(() => undefined);
  }

  #tell(): void {
    this.#moved.resolve();
    this.#moved = Promise.withResolvers<void>();
  }
}

/** Unlinked at once: a crash leaves nothing behind. */
async function openUnnamed(folder: string): Promise<FileHandle> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const own = await mkdtemp(join(folder, "answer-"));
  try {
    return await open(join(own, "part"), "wx+", 0o600);
  } finally {
    await rm(own, { recursive: true, force: true }).catch(() => undefined);
  }
}

function spillFault(thrown: unknown): unknown {
  if (thrown instanceof MillraceError) return thrown;
  const full = thrown instanceof Error && "code" in thrown && (thrown.code === "ENOSPC" || thrown.code === "EDQUOT");
  return new MillraceError(
    full ? "storage-full" : "storage-failed",
    `A large answer could not be spilled: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    {
      cause: thrown,
      hint: "No stored data is affected. Free space on the volume of the data folder, or ask for fewer rows.",
    },
  );
}
