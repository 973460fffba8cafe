// A folder of an SFTP server.
import { posix } from "node:path";
import { isMillraceError, MillraceError, type ConnectorContext } from "@millrace/core";
import type { Attributes, FileEntryWithStats, Stats } from "ssh2";
import { archiveRoot, notMoved } from "../after-load.ts";
import type { FilesConfig } from "../files-config.ts";
import { isEnvRef } from "../../authoring/references.ts";
import { searchIn, type FileSearch } from "./file-pattern.ts";
import { numbered } from "./local-taking.ts";
import { byArrival, type FoundFile, type Listing, type Place, type Taking } from "./place.ts";
import { defaultBytesMax, type SftpPlaceOptions } from "./place-config.ts";
import { resumed } from "./resumed.ts";
import { SftpSession } from "./sftp-session.ts";

/** Status codes of SFTP (draft-ietf-secsh-filexfer-02, section 7). */
const noSuchFile = 2;
const permissionDenied = 3;
/** A piece that every server gives at once, and how many are asked for ahead. */
const pieceBytes = 32_768;
const piecesAhead = 32;
const filesMax = 1_000_000;
const numbersMax = 10_000;

export class SftpPlace implements Place {
  readonly remote = true;
  readonly taking: Taking;
  readonly #context: ConnectorContext;
  readonly #bytesMax: number;
  readonly #session: SftpSession;
  readonly #search: FileSearch;
  readonly #without: string | undefined;

  constructor(context: ConnectorContext, place: SftpPlaceOptions, config: FilesConfig) {
    this.#context = context;
    this.#bytesMax = place.bytesMax ?? defaultBytesMax;
    this.#session = new SftpSession(context, place);
    const folder = isEnvRef(place.folder) ? context.secrets.setting(place.folder) : (place.folder ?? ".");
    this.#search = searchIn(folder, config.pattern, (...parts) => posix.join(...parts));
    const archived = archiveRoot(config.after);
    this.#without = archived === undefined ? undefined : posix.join(folder, archived);
    this.taking = {
      move: (file, to) => this.#take(file, posix.join(folder, to)),
      remove: (file) => this.#take(file, undefined),
    };
  }

  async list(signal: AbortSignal): Promise<Listing> {
    const problems: MillraceError[] = [];
    const files: FoundFile[] = [];
    const walk = async (folder: string, depth: number): Promise<boolean> => {
      signal.throwIfAborted();
      const entries = await this.#entries(folder, problems);
      for (const { filename, attrs } of entries ?? []) {
        const absolute = posix.join(folder, filename);
        if (attrs.isDirectory()) {
          const enter = depth < this.#search.depthMax && (this.#search.hidden || !filename.startsWith("."));
          if (enter && absolute !== this.#without) await walk(absolute, depth + 1);
        } else if (this.#search.matches(posix.relative(this.#search.start, absolute))) {
          const found = await this.#found(absolute, attrs, problems);
          if (found !== undefined) files.push(found);
        }
        if (files.length > filesMax) throw inaccessible(folder, `more than ${filesMax} files match`);
      }
      return entries !== undefined;
    };
    const exists = await walk(this.#search.start, 0);
    return { files: files.sort(byArrival), problems, exists };
  }

  async look(path: string): Promise<FoundFile | undefined> {
    const absolute = posix.join(this.#search.root, path);
    const stats = await this.#stat(absolute);
    return stats?.isFile() === true ? this.#file(absolute, stats) : undefined;
  }

  content(file: FoundFile, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const { clock, random, log } = this.#context;
    const from = (offset: number): AsyncIterable<Uint8Array> => this.#download(file, offset, signal);
    return resumed(file, from, { bytesMax: this.#bytesMax, context: { clock, random, log }, signal });
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  async *#download(file: FoundFile, offset: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    await this.#demandSame(file);
    const { sftp, step } = await this.#session.connection();
    const handle = await step<Buffer>("opening", (done) => sftp.open(file.absolute, "r", done)).catch(
      (thrown: unknown) => {
        throw this.#failure(thrown, file.absolute);
      },
    );
    const read = async (at: number): Promise<Buffer> => {
      const piece = Buffer.alloc(Math.min(pieceBytes, file.size - at));
      let have = 0;
      while (have < piece.byteLength) {
        const bytes = await step<number>("reading", (done) =>
          sftp.read(handle, piece, have, piece.byteLength - have, at + have, done),
        );
        if (bytes === 0) throw changed(file, "it shrank");
        have += bytes;
      }
      return piece;
    };
    const ahead: Promise<Buffer>[] = [];
    try {
      for (let at = offset; at < file.size || ahead.length > 0;) {
        signal.throwIfAborted();
        for (; at < file.size && ahead.length < piecesAhead; at += pieceBytes) ahead.push(settledLater(read(at)));
        yield (await ahead.shift()) as Buffer;
      }
    } catch (thrown) {
      throw this.#failure(thrown, file.absolute);
    } finally {
      await Promise.allSettled(ahead);
      await step<void>("closing", (done) => sftp.close(handle, done)).catch(() => undefined);
    }
    await this.#demandSame(file);
  }

  /** The same version still stands under the name. */
  async #demandSame(file: FoundFile): Promise<void> {
    const stats = await this.#stat(file.absolute);
    if (stats === undefined) throw changed(file, "it is gone");
    const now = this.#file(file.absolute, stats);
    if (now.size !== file.size || now.modifiedMicros !== file.modifiedMicros)
      throw changed(file, "its size or time is another");
  }

  async #take(file: FoundFile, target: string | undefined): Promise<void> {
    try {
      const stats = await this.#stat(file.absolute);
      // A newer version is loaded next; one that is gone was taken before.
      if (stats === undefined || versionOf(this.#file(file.absolute, stats)) !== versionOf(file)) return;
      const { sftp, step } = await this.#session.connection();
      if (target === undefined) return await step<void>("deleting", (done) => sftp.unlink(file.absolute, done));
      await this.#makeFolder(posix.dirname(target));
      const name = await this.#freeName(target);
      await step<void>("renaming", (done) => sftp.rename(file.absolute, name, done));
    } catch (thrown) {
      const denied = (thrown as { readonly code?: unknown }).code === permissionDenied;
      throw notMoved(file, target, denied ? Object.assign(new Error("permission denied"), { code: "EACCES" }) : thrown);
    }
  }

  async #freeName(target: string): Promise<string> {
    for (let number = 1; number <= numbersMax; number += 1) {
      const name = numbered(target, number);
      if ((await this.#stat(name)) === undefined) return name;
    }
    throw new Error(`${numbersMax} files have this name already`);
  }

  async #makeFolder(folder: string): Promise<void> {
    if (folder === "." || folder === "/" || (await this.#stat(folder)) !== undefined) return;
    await this.#makeFolder(posix.dirname(folder));
    const { sftp, step } = await this.#session.connection();
    await step<void>("making a folder", (done) => sftp.mkdir(folder, done));
  }

  async #entries(folder: string, problems: MillraceError[]): Promise<readonly FileEntryWithStats[] | undefined> {
    const { sftp, step } = await this.#session.connection();
    try {
      return await step<FileEntryWithStats[]>("listing", (done) => sftp.readdir(folder, done));
    } catch (thrown) {
      if (!isGone(thrown)) problems.push(this.#failure(thrown, folder));
      return undefined;
    }
  }

  /** Links to files are followed, those to folders are not. */
  async #found(absolute: string, attrs: Stats, problems: MillraceError[]): Promise<FoundFile | undefined> {
    if (attrs.isFile()) return this.#file(absolute, attrs);
    if (!attrs.isSymbolicLink()) return undefined;
    const stats = await this.#stat(absolute).catch((thrown: unknown) => {
      problems.push(this.#failure(thrown, absolute));
      return undefined;
    });
    return stats?.isFile() === true ? this.#file(absolute, stats) : undefined;
  }

  async #stat(absolute: string): Promise<Stats | undefined> {
    const { sftp, step } = await this.#session.connection();
    try {
      return await step<Stats>("looking", (done) => sftp.stat(absolute, done));
    } catch (thrown) {
      if (isGone(thrown)) return undefined;
      throw this.#failure(thrown, absolute);
    }
  }

  #file(absolute: string, { size, mtime }: Attributes): FoundFile {
    const path = posix.relative(this.#search.root, absolute);
    return { path, absolute, size, modifiedMicros: BigInt(mtime) * 1_000_000n };
  }

  #failure(thrown: unknown, absolute: string): MillraceError {
    if (isMillraceError(thrown)) return thrown;
    const { code } = thrown as { readonly code?: unknown };
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return inaccessible(`${this.#session.name}/${absolute}`, code === permissionDenied ? "permission denied" : reason);
  }
}

/** A failure is met where the piece is awaited; until then it must not count as unhandled. */
function settledLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

function versionOf(file: FoundFile): string {
  return `${file.size} ${file.modifiedMicros}`;
}

function isGone(thrown: unknown): boolean {
  return (thrown as { readonly code?: unknown }).code === noSuchFile;
}

function changed(file: FoundFile, how: string): MillraceError {
  return new MillraceError("file-changed", `${file.path} changed while it was read: ${how}.`, {
    details: { path: file.path },
  });
}

function inaccessible(path: string, reason: string): MillraceError {
  return new MillraceError("file-inaccessible", `${path} cannot be read: ${reason}`, { details: { path } });
}
