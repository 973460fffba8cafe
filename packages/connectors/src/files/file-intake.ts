// Takes one file in: compares it with the ledger, copies it into the object store, or refuses it. What comes out is ready for a batch.
import {
  isMillraceError,
  MillraceError,
  type ConnectorContext,
  type FileIdentity,
  type KnownFile,
} from "@millrace/core";
import { rawPrefix } from "../authoring/raw-prefix.ts";
import { HeadCheck } from "./content-check.ts";
import { copyFile, hashFile } from "./copy-file.ts";
import { encodingCheck } from "./encoding-check.ts";
import { declaredFormat, formatOfName, type NamedFormat } from "./file-format.ts";
import type { StoredFile } from "./file-group.ts";
import type { FilesConfig } from "./files-config.ts";
import type { FoundFile } from "./list-files.ts";

/** `settled`: nothing to do as long as the file stays as it is. */
export type Intake = StoredFile | "settled";

const refusals: ReadonlySet<string> = new Set(["file-unreadable", "file-truncated", "file-columns", "file-rewritten"]);

export class FileIntake {
  readonly #context: ConnectorContext;
  readonly #config: FilesConfig;

  constructor(context: ConnectorContext, config: FilesConfig) {
    this.#context = context;
    this.#config = config;
  }

  /** @throws MillraceError file-changed and file-inaccessible (try again), storage-* */
  async take(file: FoundFile, known: KnownFile | undefined, signal: AbortSignal): Promise<Intake> {
    if (known !== undefined && (await isSame(file, known))) return "settled";
    try {
      const named = this.#format(file);
      const replaces = this.#replaces(file, known);
      const output = this.#output;
      const check = new HeadCheck({
        path: file.path,
        format: named.format,
        config: this.#config,
        contract: output.contract,
      });
      const ref = await copyFile(file, {
        objects: this.#context.objects,
        check: encodingCheck(named.encoding, file.path, check),
        prefix: rawPrefix(this.#context.channel, this.#context.clock.nowMs()),
        extension: named.extension,
        codec: named.encoding === "none" && named.format !== "parquet" ? "zstd" : "none",
        signal,
      });
      return { identity: identityOf(file, ref.sha256), ref, encoding: named.encoding, format: check.format, replaces };
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      await this.#refuse(file, thrown);
      return "settled";
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
    const named = format === undefined ? formatOfName(file.path) : declaredFormat(format, file.path);
    if (named !== undefined) return named;
    throw new MillraceError("file-unreadable", `${file.path}: its name does not tell its format.`, {
      hint: 'Declare format: "csv" (or "ndjson", "json", "parquet") on the channel, or narrow its pattern.',
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

  async #refuse(file: FoundFile, error: MillraceError): Promise<void> {
    await this.#context.refuse({ file: identityOf(file, await hashFile(file)), error });
    this.#context.metrics.count("millrace_files_refused_total", 1, { code: error.code });
  }
}

/**
 * Same size and time, or the same content under a new time. A refused file is looked at again by each new reader: the contract or the channel may
 * have been corrected.
 */
async function isSame(file: FoundFile, known: KnownFile): Promise<boolean> {
  if (known.state === "refused" || known.size !== file.size) return false;
  return known.modifiedMicros === file.modifiedMicros || known.sha256 === (await hashFile(file));
}

function identityOf(file: FoundFile, sha256: string): FileIdentity {
  return { path: file.path, size: file.size, modifiedMicros: file.modifiedMicros, sha256 };
}

/** The content is at fault, not the way to it. */
function isRefusal(thrown: unknown): thrown is MillraceError {
  return isMillraceError(thrown) && refusals.has(thrown.code);
}
