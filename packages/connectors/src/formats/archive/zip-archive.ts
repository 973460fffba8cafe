// Reads zip archives member by member, with bounds on what they may unpack to and with names that cannot lead outside. The reader of workbooks and
// of archives with several files stands on it.
import { createReadStream } from "node:fs";
import { crc32, createInflateRaw } from "node:zlib";
import { pipeline } from "node:stream";
import { isMillraceError } from "@millrace/core";
import { openPromise, validateFileName, type Entry, type ZipFile } from "yauzl";
import { fileFault } from "../file-fault.ts";

export interface ArchiveBounds {
  readonly membersMax: number;
  /** Of all members together. */
  readonly unpackedBytesMax: number;
  /** Unpacked to packed size; looked at only above `ratioFromBytes`. */
  readonly ratioMax: number;
  readonly ratioFromBytes: number;
}

export const archiveBounds: ArchiveBounds = {
  membersMax: 10_000,
  unpackedBytesMax: 16 * 1024 ** 3,
  ratioMax: 300,
  ratioFromBytes: 64 * 1024 * 1024,
};

export interface ArchiveMember {
  readonly name: string;
  readonly packedBytes: number;
  readonly bytes: number;
}

const chunkBytes = 512 * 1024;

export class ZipArchive {
  readonly members: readonly ArchiveMember[];
  readonly #file: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #local: string;
  readonly #path: string;

  private constructor(
    file: ZipFile,
    entries: readonly Entry[],
    { local, path }: { readonly local: string; readonly path: string },
  ) {
    this.#file = file;
    this.#local = local;
    this.#path = path;
    this.#entries = new Map(entries.map((entry) => [entry.fileName, entry]));
    this.members = entries.map((entry) => ({
      name: entry.fileName,
      packedBytes: entry.compressedSize,
      bytes: entry.uncompressedSize,
    }));
  }

  /**
   * Reads the directory of the archive; folders are left out.
   *
   * @param path as the ledger names the file, for messages
   * @throws MillraceError file-unreadable, file-truncated, file-encrypted, file-archive, file-too-large
   */
  static async open(local: string, path: string, bounds: ArchiveBounds = archiveBounds): Promise<ZipArchive> {
    const file = await openPromise(local, { lazyEntries: true, autoClose: false, decodeStrings: true }).catch(
      (thrown: unknown) => {
        throw notAnArchive(thrown, path);
      },
    );
    try {
      return new ZipArchive(file, await readEntries(file, path, bounds), { local, path });
    } catch (thrown) {
      file.close();
      throw isMillraceError(thrown) ? thrown : notAnArchive(thrown, path);
    }
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** The unpacked bytes of one member, whose size and checksum are proven at its end. @throws MillraceError file-unreadable, file-too-large */
  async *read(name: string): AsyncGenerator<Buffer> {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw fileFault("file-unreadable", this.#path, `has no member ${name}`);
    let bytes = 0;
    let checksum = 0;
    try {
      for await (const chunk of await this.#open(entry)) {
        bytes += chunk.byteLength;
        if (bytes > entry.uncompressedSize)
          throw fileFault("file-unreadable", this.#path, `holds ${name}, which unpacks to more than it declares`);
        checksum = crc32(chunk, checksum);
        yield chunk;
      }
    } catch (thrown) {
      if (isMillraceError(thrown)) throw thrown;
      throw fileFault("file-unreadable", this.#path, `holds ${name}, which cannot be unpacked: ${reasonOf(thrown)}`);
    }
    if (bytes !== entry.uncompressedSize || checksum !== entry.crc32)
      throw fileFault("file-unreadable", this.#path, `holds ${name}, whose content does not match its checksum`);
  }

  /** A small member as one text. @throws MillraceError file-too-large, and what {@link read} throws */
  async text(name: string, bytesMax: number): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of this.read(name)) {
      bytes += chunk.byteLength;
      if (bytes > bytesMax)
        throw fileFault("file-too-large", this.#path, `holds ${name}, which is larger than ${bytesMax} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  }

  close(): void {
    this.#file.close();
  }

  async #open(entry: Entry): Promise<AsyncIterable<Buffer>> {
    if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)
      throw fileFault(
        "file-unreadable",
        this.#path,
        `holds ${entry.fileName} in a compression (method ${entry.compressionMethod}) that is not deflate`,
      );
    if (entry.compressedSize === 0) return noBytes();
    const { fileDataStart: start } = await this.#file.readLocalFileHeaderPromise(entry, { minimal: true });
    // A stream of the library's own cannot be left before its end.
    const end = start + entry.compressedSize - 1;
    const packed = createReadStream(this.#local, { start, end, highWaterMark: chunkBytes }) as AsyncIterable<Buffer>;
    if (entry.compressionMethod === 0) return packed;
    // Errors reach the reader of the result; the callback is there because pipeline asks for one.
    return pipeline(packed, createInflateRaw({ chunkSize: chunkBytes }), () => undefined);
  }
}

async function* noBytes(): AsyncGenerator<Buffer> {}

async function readEntries(file: ZipFile, path: string, bounds: ArchiveBounds): Promise<readonly Entry[]> {
  if (file.entryCount > bounds.membersMax)
    throw fileFault("file-too-large", path, `has ${file.entryCount} members; ${bounds.membersMax} are allowed`);
  const entries: Entry[] = [];
  let bytes = 0;
  for await (const entry of file.eachEntry()) {
    refuseName(entry, path);
    if (entry.fileName.endsWith("/")) continue;
    if (entry.isEncrypted()) throw fileFault("file-encrypted", path, `holds ${entry.fileName}, which is encrypted`);
    bytes += entry.uncompressedSize;
    if (bytes > bounds.unpackedBytesMax)
      throw fileFault("file-too-large", path, `unpacks to more than ${bounds.unpackedBytesMax} bytes`);
    const ratio = entry.uncompressedSize / Math.max(1, entry.compressedSize);
    if (entry.uncompressedSize > bounds.ratioFromBytes && ratio > bounds.ratioMax)
      throw fileFault(
        "file-too-large",
        path,
        `holds ${entry.fileName}, which unpacks to ${Math.round(ratio)} times its size; ${bounds.ratioMax} times are allowed`,
      );
    entries.push(entry);
  }
  return entries;
}

/** The library refuses such names too; this says which one, in our words. */
function refuseName({ fileName }: Entry, path: string): void {
  if (validateFileName(fileName) !== null)
    throw fileFault(
      "file-archive",
      path,
      `holds the name ${JSON.stringify(fileName)}, which leads outside the archive`,
    );
}

function notAnArchive(thrown: unknown, path: string): Error {
  const reason = reasonOf(thrown);
  if (/relative path|absolute path|invalid characters in fileName/i.test(reason))
    return fileFault("file-archive", path, `holds a name that leads outside the archive: ${reason}`);
  if (/end of central directory|too short|truncated|unexpected EOF/i.test(reason))
    return fileFault("file-truncated", path, "ends before the directory of its archive, or is no zip archive");
  return fileFault("file-unreadable", path, `is no readable zip archive: ${reason}`, thrown);
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
