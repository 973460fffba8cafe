// Data files whose records are loaded while the sender waits: stored as raw, checked as files() checks, committed by the same loader.
import {
  isMillraceError,
  MillraceError,
  type Arrival,
  type BatchReport,
  type ContentEncoding,
  type Cursor,
  type DecodeFormat,
  type FileIdentity,
  type ObjectRef,
} from "@millrace/core";
import { dataFile, isRefusedFile, UploadContent, type UploadedFile } from "@millrace/connectors";
import type { ChannelState } from "../channels/channel-state.ts";
import { knownFiles, recordRefusal } from "../load/file-ledger.ts";
import { readEntry, toReport } from "../load/ledger.ts";
import { toBigint } from "../load/sql-values.ts";
import type { FileReceipt } from "../platform.ts";
import type { FormFields, UploadChannel, UploadParts, UploadTaker } from "./upload-parts.ts";

interface Stored {
  readonly ref: ObjectRef;
  readonly encoding: ContentEncoding;
  readonly format: DecodeFormat;
}

interface Taken {
  readonly name: string;
  readonly bytes: number;
  readonly stored?: Stored;
  readonly error?: MillraceError;
}

const stream = "default";
/** Longest that it takes to find out how a stored file is to be read. */
const inspectMsMax = 10 * 60_000;

/** Loads of one channel take turns: each moves its cursor. */
export class RowTurns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

export class RowTaker implements UploadTaker {
  readonly #parts: UploadParts;
  readonly #channel: UploadChannel;
  readonly #turns: RowTurns;
  readonly #taken: Taken[] = [];

  constructor(parts: UploadParts, channel: UploadChannel, turns: RowTurns) {
    this.#parts = parts;
    this.#channel = channel;
    this.#turns = turns;
  }

  async take(file: UploadedFile): Promise<void> {
    const { config, table } = this.#channel;
    const content = new UploadContent(file, { fileBytesMax: config.fileBytesMax, refused: "drop", anyType: true });
    try {
      const { contract } = this.#parts.tables.get(table);
      const { objects, clock } = this.#parts;
      const data = dataFile(file.name, { rows: config.rows, contract, objects, clock });
      const { whole } = await content.begin();
      const { extension, codec } = data;
      const ref = await this.#parts.objects.put(data.checked(whole), { prefix: this.#prefix(), extension, codec });
      const format = await data.format(ref, AbortSignal.timeout(inspectMsMax));
      this.#taken.push({ name: file.name, bytes: content.bytes, stored: { ref, encoding: data.encoding, format } });
    } catch (thrown) {
      if (!isFault(thrown)) throw thrown;
      this.#taken.push({ name: file.name, bytes: content.bytes, error: thrown });
    }
  }

  async settle(fields: FormFields): Promise<readonly FileReceipt[]> {
    const [field] = Object.keys(fields);
    if (field !== undefined)
      throw new MillraceError(
        "request-invalid",
        `This channel loads the records of files; field "${field}" has no place.`,
      );
    const receipts: FileReceipt[] = [];
    for (const one of this.#taken) receipts.push(await this.#turns.take(() => this.#load(one)));
    return receipts;
  }

  /** Raw objects that no batch names are collected after their grace: another file may have the same content. */
  abandon(): Promise<void> {
    return Promise.resolve();
  }

  #prefix(): string {
    const { domain, name } = this.#channel.definition;
    const day = new Date(this.#parts.clock.nowMs()).toISOString().slice(0, 10).replaceAll("-", "/");
    return `raw/${domain}/${name}/${day}`;
  }

  async #load(taken: Taken): Promise<FileReceipt> {
    if (taken.stored === undefined) return this.#refuse(taken, taken.error);
    const state = this.#state();
    const { ref } = taken.stored;
    const before = await this.#loadedBefore(ref);
    if (before !== undefined) return { name: taken.name, state: "repeated", batches: [before] };
    const identity = this.#identity(taken, ref.sha256);
    const replaces = await this.#replaces(taken.name).catch((error: unknown) => {
      if (isMillraceError(error, "file-rewritten")) return error;
      throw error;
    });
    if (replaces instanceof MillraceError) return this.#refuse(taken, replaces, ref.sha256);
    const refused: MillraceError[] = [];
    state?.working();
    try {
      const arrival = await this.#arrival({ ...taken.stored, identity, replaces });
      const { name: channel, table } = this.#channel;
      const batches = await this.#parts.loader.commit({
        channel,
        table,
        arrival,
        onRefused: (error) => refused.push(error),
      });
      state?.idle();
      const [error] = refused;
      if (error === undefined) return { name: taken.name, state: "accepted", batches };
      this.#tell(error);
      return { name: taken.name, state: "refused", error: error.toJSON() };
    } catch (error) {
      if (isMillraceError(error)) state?.failing(error);
      throw error;
    }
  }

  async #arrival(
    load: Stored & { readonly identity: FileIdentity; readonly replaces: readonly bigint[] },
  ): Promise<Arrival> {
    const before: Cursor = await this.#parts.claims.cursor({ channel: this.#channel.name, stream });
    return {
      stream,
      objects: [{ ref: load.ref, encoding: load.encoding }],
      format: load.format,
      before,
      after: { arrivals: Number(before?.["arrivals"] ?? 0) + 1 },
      files: [load.identity],
      replacesBatches: load.replaces,
    };
  }

  /** The batch that has this content in the table already, under whatever name. */
  async #loadedBefore({ sha256 }: ObjectRef): Promise<BatchReport | undefined> {
    const found = await this.#parts.warehouse.query(
      "SELECT batch FROM millrace.files WHERE channel = ? AND sha256 = ? AND state = 'loaded' ORDER BY batch DESC LIMIT 1",
      [this.#channel.name, sha256],
    );
    const batch = toBigint(found.rows[0]?.[0]);
    return batch === 0n ? undefined : toReport(await readEntry(this.#parts.warehouse, batch));
  }

  async #replaces(name: string): Promise<readonly bigint[]> {
    const { onRewrite = "append" } = this.#channel.config.rows;
    if (onRewrite === "append") return [];
    const known = (await knownFiles(this.#parts.warehouse, this.#channel.name, [name])).get(name);
    if (known === undefined || known.batch === 0n) return [];
    if (onRewrite === "replace") return [known.batch];
    throw new MillraceError(
      "file-rewritten",
      `"${name}" was loaded in batch ${known.batch} and has new content; this channel rejects rewritten files.`,
    );
  }

  async #refuse(taken: Taken, problem: MillraceError | undefined, sha256 = ""): Promise<FileReceipt> {
    const error = problem ?? new MillraceError("internal", "A file was refused without a reason.");
    const { warehouse, clock, metrics } = this.#parts;
    const file = this.#identity(taken, sha256);
    await recordRefusal(warehouse, clock, this.#channel.name, { file, error });
    metrics.count("millrace_uploads_refused_total", 1, { channel: this.#channel.name, code: error.code });
    this.#tell(error);
    return { name: taken.name, state: "refused", error: error.toJSON() };
  }

  #tell(error: MillraceError): void {
    const state = this.#state();
    if (state !== undefined) this.#parts.onRefused(this.#channel.name)(state)(error);
  }

  #state(): ChannelState | undefined {
    return this.#parts.requested().find(({ definition }) => definition === this.#channel.definition)?.state;
  }

  #identity({ name, bytes }: Taken, sha256: string): FileIdentity {
    return { path: name, size: bytes, modifiedMicros: this.#parts.clock.nowMicros(), sha256 };
  }
}

/** The content is at fault: the ledger remembers it. */
function isFault(thrown: unknown): thrown is MillraceError {
  const refused: boolean = isRefusedFile(thrown);
  return refused || (isMillraceError(thrown) && thrown.kind === "user" && thrown.code.startsWith("file-"));
}
