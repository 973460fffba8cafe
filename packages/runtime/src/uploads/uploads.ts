// The way in for files: reads the parts of a request one after the other, and settles all of them when the request has come whole.
import { channelName, didYouMean, MillraceError, toMillraceError, type ChannelDefinition } from "@millrace/core";
import { requireName, reservedFields, uploadTimes, type UploadsConfig } from "@millrace/connectors";
import { isStorageError } from "../load/storage-errors.ts";
import type { FileReceipt, StoredBlob, UploadPart, UploadRules } from "../platform.ts";
import { BlobTaker } from "./blob-taker.ts";
import { openBlob } from "./blob-reader.ts";
import { collectLeftovers } from "./leftover-blobs.ts";
import { RecentUploads } from "./recent-uploads.ts";
import { RowTaker, RowTurns } from "./row-taker.ts";
import type { FormFields, UploadChannel, UploadParts, UploadTaker } from "./upload-parts.ts";

export interface UploadsParts extends UploadParts {
  readonly uploadsMax: number;
  readonly onStorageError: (error: MillraceError) => void;
}

interface Entrance extends UploadChannel {
  readonly recent: RecentUploads;
  readonly turns: RowTurns;
}

const fields = { countMax: 100, nameCharsMax: 100, valueCharsMax: 8192 } as const;

export class Uploads {
  readonly #parts: UploadsParts;
  #entrances: ReadonlyMap<string, Entrance> = new Map();
  #open = 0;

  constructor(parts: UploadsParts) {
    this.#parts = parts;
  }

  /** Replaces all of them; what is on its way stays known. */
  adopt(channels: readonly ChannelDefinition[]): void {
    const uploads = channels.filter((channel) => channel.connector === "uploads");
    this.#entrances = new Map(uploads.map((channel) => [channelName(channel), this.#entrance(channel)]));
  }

  /** See Platform.uploadRules. */
  rules(channel: string): UploadRules {
    const { config } = this.#find(channel);
    return { fileBytesMax: config.fileBytesMax, filesMax: config.filesMax, ...uploadTimes(config) };
  }

  /** See Platform.upload. */
  async receive(channel: string, parts: AsyncIterable<UploadPart>): Promise<readonly FileReceipt[]> {
    const entrance = this.#find(channel);
    const { uploadsMax } = this.#parts;
    if (this.#open >= uploadsMax)
      throw new MillraceError("overloaded", `${uploadsMax} uploads come in already; nothing of this one was kept.`);
    this.#open += 1;
    const taker = this.#taker(entrance);
    try {
      return await this.#receive(entrance, taker, parts);
    } catch (thrown) {
      const error = toMillraceError(thrown);
      if (isStorageError(error)) this.#parts.onStorageError(error);
      await taker.abandon();
      throw error;
    } finally {
      this.#open -= 1;
    }
  }

  /** See Platform.blob. */
  blob(row: { readonly domain: string; readonly table: string; readonly id: string }): Promise<StoredBlob> {
    const tables = [...this.#entrances.values()]
      .filter(({ config }) => config.as === "blobs")
      .map(({ table }) => table);
    return openBlob(this.#parts, tables, row);
  }

  /** Content that a crash kept from getting its row. To be called once, after the start. */
  async collect(signal: AbortSignal): Promise<void> {
    const startedMs = this.#parts.clock.nowMs();
    for (const entrance of this.#entrances.values())
      if (entrance.config.as === "blobs") await collectLeftovers(this.#parts, entrance, { startedMs, signal });
  }

  async #receive(
    { config }: UploadChannel,
    taker: UploadTaker,
    parts: AsyncIterable<UploadPart>,
  ): Promise<readonly FileReceipt[]> {
    const given: Record<string, string> = {};
    let files = 0;
    for await (const part of parts) {
      if (part.kind === "field") {
        addField(given, part);
        continue;
      }
      files += 1;
      if (files > config.filesMax)
        throw new MillraceError("upload-too-many-parts", `The request has more than ${config.filesMax} files.`);
      await taker.take({ ...part, name: requireName(part.name) });
    }
    if (files === 0)
      throw new MillraceError("request-invalid", "The request holds no file; nothing was written.", {
        hint: "Send multipart/form-data with a file, or PUT the bytes to /upload/<channel>/<name>.",
      });
    return taker.settle(given as FormFields);
  }

  #taker(entrance: Entrance): UploadTaker {
    return entrance.config.as === "rows"
      ? new RowTaker(this.#parts, entrance, entrance.turns)
      : new BlobTaker(this.#parts, entrance, entrance.recent);
  }

  #entrance(definition: ChannelDefinition): Entrance {
    const name = channelName(definition);
    const [output] = definition.outputs;
    if (output === undefined) throw new MillraceError("channel-invalid", `Channel ${name} fills no table.`);
    const before = this.#entrances.get(name);
    return {
      name,
      definition,
      config: definition.config as UploadsConfig,
      table: `${output.domain}.${output.contract.name}`,
      recent: before?.recent ?? new RecentUploads((offset) => this.#parts.ingress.isLoaded(name, offset)),
      turns: before?.turns ?? new RowTurns(),
    };
  }

  #find(channel: string): Entrance {
    const found = this.#entrances.get(channel);
    if (found !== undefined) return found;
    const names = [...this.#entrances.keys()];
    throw new MillraceError("channel-not-found", `No channel "${channel}" takes files${didYouMean(channel, names)}`, {
      hint: `Channels that take files: ${names.join(", ") || "none"}.`,
    });
  }
}

function addField(
  given: Record<string, string>,
  { name, value }: { readonly name: string; readonly value: string },
): void {
  const shown = name.slice(0, fields.nameCharsMax);
  if (Object.keys(given).length >= fields.countMax)
    throw new MillraceError("upload-too-many-parts", `The request has more than ${fields.countMax} fields.`);
  if (name === "" || name.length > fields.nameCharsMax || value.length > fields.valueCharsMax)
    throw new MillraceError(
      "request-invalid",
      `Field "${shown}": names have 1 to ${fields.nameCharsMax} characters, values at most ${fields.valueCharsMax}; nothing was written.`,
    );
  if (reservedFields.has(name) || Object.hasOwn(given, name) || name === "__proto__")
    throw new MillraceError(
      "request-invalid",
      `Field "${shown}" ${Object.hasOwn(given, name) ? "comes twice" : "is written by Millrace itself"}; nothing was written.`,
    );
  given[name] = value;
}
