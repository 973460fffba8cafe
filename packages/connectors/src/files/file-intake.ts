// Takes one file in: compares it with the ledger, copies it into the object store, or refuses it. What comes out is ready for a batch.
import {
  isMillraceError,
  MillraceError,
  type ConnectorContext,
  type FileIdentity,
  type KnownFile,
} from "@millrace/core";
import { rawPrefix } from "../authoring/raw-prefix.ts";
import { contentReading } from "./content-reading.ts";
import { copyFile, hashContent } from "./copy-file.ts";
import { declaredFormat, formatOfName, type NamedFormat } from "./file-format.ts";
import { fileFormats } from "./format-fields.ts";
import type { StoredFile } from "./file-group.ts";
import type { FilesConfig } from "./files-config.ts";
import { expectedContent } from "./manifest-readiness.ts";
import type { FoundFile, Place } from "./places/place.ts";
import type { Expectation } from "./readiness-check.ts";

/** `loaded`: the ledger has this content; `refused`: it never will. Nothing to do as long as the file stays as it is. */
export type Intake = StoredFile | "loaded" | "refused";

export class FileIntake {
  readonly #context: ConnectorContext;
  readonly #config: FilesConfig;
  readonly #place: Place;

  constructor(context: ConnectorContext, config: FilesConfig, place: Place) {
    this.#context = context;
    this.#config = config;
    this.#place = place;
  }

  /** @throws MillraceError file-changed and file-inaccessible (try again), storage-* */
  async take(
    file: FoundFile,
    {
      known,
      expected,
      signal,
    }: { known: KnownFile | undefined; expected: Expectation | undefined; signal: AbortSignal },
  ): Promise<Intake> {
    if (known !== undefined && (await this.#isSame(file, known, signal))) {
      // It was deleted and came back; its rows never left.
      if (known.state === "gone")
        await this.#context.renamed({
          from: file.path,
          file: identityOf(file, { sha256: known.sha256, bytes: known.size }),
        });
      return "loaded";
    }
    try {
      const named = this.#format(file);
      const replaces = this.#replaces(file, known);
      const output = this.#output;
      const reading = contentReading({
        path: file.path,
        named,
        config: this.#config,
        contract: output.contract,
        objects: this.#context.objects,
        clock: this.#context.clock,
      });
      const content = expectedContent(file, this.#place.content(file, signal), expected);
      const ref = await copyFile(content, {
        objects: this.#context.objects,
        check: reading.check,
        prefix: rawPrefix(this.#context.channel, this.#context.clock.nowMs()),
        extension: named.extension,
        codec: reading.codec,
        signal,
      });
      const format = await reading.format(ref, signal);
      const rows = expected?.rows === undefined ? {} : { rows: expected.rows };
      const identity = { ...identityOf(file, ref), ...rows };
      return { identity, ref, encoding: named.encoding, format, replaces };
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      await this.#refuse(file, thrown, signal);
      return "refused";
    }
  }

  get #output(): ConnectorContext["channel"]["outputs"][number] {
    const [output] = this.#context.channel.outputs;
    if (output === undefined)
      throw new MillraceError("channel-invalid", "A files channel fills one table; this one fills none.");
    return output;
  }

  #format(file: FoundFile): NamedFormat {
    const { format } = this.#config;
    const name = this.#place.remote ? (file.path.split("?")[0] ?? "") : file.path;
    const named = format === undefined ? formatOfName(name) : declaredFormat(format, name);
    if (named !== undefined) return named;
    throw new MillraceError("file-unreadable", `${file.path}: its name does not tell its format.`, {
      hint: `Declare format of the channel, one of ${fileFormats.join(", ")}, or narrow its pattern.`,
      details: { path: file.path },
    });
  }

  #replaces(file: FoundFile, known: KnownFile | undefined): readonly bigint[] {
    if (known === undefined || known.batch === 0n || this.#config.onRewrite === "append") return [];
    if (this.#config.onRewrite === "replace") return [known.batch];
    throw new MillraceError(
      "file-rewritten",
      `${file.path} was loaded in batch ${known.batch} and has new content; this channel rejects rewritten files.`,
      {
        details: { path: file.path, batch: String(known.batch) },
      },
    );
  }

  async #refuse(file: FoundFile, error: MillraceError, signal: AbortSignal): Promise<void> {
    // What is far away is not fetched a second time only to be named.
    const sha256 = this.#place.remote ? "" : await hashContent(this.#place.content(file, signal));
    await this.#context.refuse({ file: identityOf(file, { sha256, bytes: file.size }), error });
    this.#context.metrics.count("millrace_files_refused_total", 1, { code: error.code });
  }

  /**
   * The place's own tag, or size and time, or the same content under a new time. A refused file is looked at again by each new reader: the contract or
   * the channel may have been corrected.
   */
  async #isSame(file: FoundFile, known: KnownFile, signal: AbortSignal): Promise<boolean> {
    if (known.state === "refused" || known.state === "removed") return false;
    if (file.tag !== undefined && known.tag !== undefined) return file.tag === known.tag;
    // A place that cannot tell sizes says -1.
    if (file.size >= 0 && known.size !== file.size) return false;
    if (known.modifiedMicros === file.modifiedMicros && file.modifiedMicros !== 0n) return true;
    return known.sha256 === (await hashContent(this.#place.content(file, signal)));
  }
}

function identityOf(file: FoundFile, content: { readonly sha256: string; readonly bytes: number }): FileIdentity {
  const { path, modifiedMicros, tag } = file;
  return { path, size: content.bytes, modifiedMicros, sha256: content.sha256, ...(tag === undefined ? {} : { tag }) };
}

/** The content is at fault, not the way to it. */
function isRefusal(thrown: unknown): thrown is MillraceError {
  return isMillraceError(thrown) && thrown.kind === "user" && thrown.code.startsWith("file-");
}
