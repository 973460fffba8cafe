// A spool in one file: parts, each behind a header with its lengths and a checksum. Not synced: the page cache outlives the process, and what a power
// cut takes can be asked for again.
import { createHash } from "node:crypto";
import { mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Spool } from "@millrace/core";
import { fileError, systemCode } from "../files/file-errors.ts";

/** Bytes of a header: magic, length of the note, length of the content, checksum of both; little-endian. */
const headerBytes = 16;
const magic = 0x4c_50_53_4d;
const chunkBytes = 1024 * 1024;

interface Part {
  readonly note: string;
  /** Where its content begins and ends in the file. */
  readonly start: number;
  readonly end: number;
}

export interface FileSpoolPlace {
  /** Created with the first part. */
  readonly folder: string;
  /** A path on the same file system that nobody else uses. */
  readonly temporary: string;
  readonly name: string;
}

/** @throws storage-failed, storage-full */
export async function openFileSpool({ folder, temporary, name }: FileSpoolPlace): Promise<Spool> {
  const path = join(folder, createHash("sha256").update(name).digest("hex"));
  try {
    const left = await open(path, "r").catch(absent);
    if (left === undefined) return new FileSpool(path, folder);
    try {
      return await takenOver(left, { path, folder, temporary });
    } finally {
      await left.close();
    }
  } catch (thrown) {
    throw fileError(thrown, path);
  }
}

function absent(thrown: unknown): undefined {
  if (systemCode(thrown) !== "ENOENT") throw thrown;
}

/** Copied into a file of its own: whoever still writes the one before writes where nobody reads. */
async function takenOver(
  left: FileHandle,
  { path, folder, temporary }: { readonly path: string; readonly folder: string; readonly temporary: string },
): Promise<Spool> {
  const parts = await partsOf(left);
  const end = parts.at(-1)?.end ?? 0;
  if (end === 0) {
    await rm(path, { force: true });
    return new FileSpool(path, folder);
  }
  const file = await open(temporary, "wx+", 0o600);
  try {
    for await (const chunk of chunks(left, { start: 0, end })) await writeAll(file, [chunk]);
    await rename(temporary, path);
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
  return new FileSpool(path, folder, { file, parts });
}

/** The parts that are whole. */
async function partsOf(file: FileHandle): Promise<Part[]> {
  const { size } = await file.stat();
  const parts: Part[] = [];
  for (let at = 0; at + headerBytes <= size;) {
    const header = await readExactly(file, at, headerBytes);
    const noteBytes = header.readUInt32LE(4);
    const contentBytes = header.readUInt32LE(8);
    const end = at + headerBytes + noteBytes + contentBytes;
    if (header.readUInt32LE(0) !== magic || end > size) break;
    const note = await readExactly(file, at + headerBytes, noteBytes);
    const start = at + headerBytes + noteBytes;
    let checksum = crc32(note);
    for await (const chunk of chunks(file, { start, end })) checksum = crc32(chunk, checksum);
    if (checksum !== header.readUInt32LE(12)) break;
    parts.push({ note: note.toString("utf8"), start, end });
    at = end;
  }
  return parts;
}

async function readExactly(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

/** One buffer serves all pieces: each is valid until the next one is asked for. */
async function* chunks(
  file: FileHandle,
  { start, end }: { readonly start: number; readonly end: number },
): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, end - start));
  for (let at = start; at < end;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - at), at);
    if (bytesRead === 0) throw new Error(`The spool ends at byte ${at}, before byte ${end}.`);
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

class FileSpool implements Spool {
  readonly #path: string;
  readonly #folder: string;
  #parts: Part[];
  #file: FileHandle | undefined;

  constructor(path: string, folder: string, left?: { readonly file: FileHandle; readonly parts: Part[] }) {
    this.#path = path;
    this.#folder = folder;
    this.#file = left?.file;
    this.#parts = left?.parts ?? [];
  }

  get notes(): readonly string[] {
    return this.#parts.map(({ note }) => note);
  }

  get bytes(): number {
    return this.#parts.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  async append(content: readonly Uint8Array[], note: string): Promise<void> {
    const noteBytes = Buffer.from(note, "utf8");
    const contentBytes = content.reduce((sum, piece) => sum + piece.byteLength, 0);
    const header = Buffer.alloc(headerBytes);
    header.writeUInt32LE(magic, 0);
    header.writeUInt32LE(noteBytes.length, 4);
    header.writeUInt32LE(contentBytes, 8);
    header.writeUInt32LE(
      content.reduce((sum, piece) => crc32(piece, sum), crc32(noteBytes)),
      12,
    );
    const at = this.#parts.at(-1)?.end ?? 0;
    try {
      this.#file ??= await this.#create();
      await writeAll(this.#file, [header, noteBytes, ...content], at);
    } catch (thrown) {
      throw fileError(thrown, this.#path);
    }
    const start = at + headerBytes + noteBytes.length;
    this.#parts.push({ note, start, end: start + contentBytes });
  }

  async #create(): Promise<FileHandle> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await rm(this.#path, { force: true });
    return open(this.#path, "wx+", 0o600);
  }

  async *content(): AsyncGenerator<Uint8Array> {
    for (const part of this.#parts) if (this.#file !== undefined) yield* chunks(this.#file, part);
  }

  async truncate(parts: number): Promise<void> {
    this.#parts = this.#parts.slice(0, parts);
    const end = this.#parts.at(-1)?.end ?? 0;
    try {
      if (end > 0) return await this.#file?.truncate(end);
      await this[Symbol.asyncDispose]();
      await rm(this.#path, { force: true });
    } catch (thrown) {
      throw fileError(thrown, this.#path);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}

/** Writes the pieces one behind the other, from `start`. */
async function writeAll(file: FileHandle, pieces: readonly Uint8Array[], start?: number): Promise<void> {
  const all = pieces.filter((piece) => piece.byteLength > 0);
  const wanted = all.reduce((sum, piece) => sum + piece.byteLength, 0);
  const { bytesWritten } = await file.writev(all, start);
  if (bytesWritten === wanted) return;
  // Rarely less is taken than was given: the rest as one piece.
  const rest = Buffer.concat(all).subarray(bytesWritten);
  for (let at = 0; at < rest.length;)
    at += (await file.write(rest, at, rest.length - at, start === undefined ? null : start + bytesWritten + at))
      .bytesWritten;
}
