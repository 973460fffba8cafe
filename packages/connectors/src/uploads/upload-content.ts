// The content of one upload on its way into the object store: counted, looked at, compared with its checksum. What is refused is refused as early as it shows.
import { DigestCheck, MillraceError, type Digest } from "@millrace/core";
import { agreedType, headBytesMax, isAllowed, sniffType, type SniffedType } from "./upload-type.ts";
import type { UploadsConfig } from "./uploads-config.ts";

export interface UploadedFile {
  readonly name: string;
  /** Content-Type as the sender gave it. */
  readonly declaredType?: string;
  readonly digests: readonly Digest[];
  readonly content: AsyncIterable<Uint8Array>;
}

type Rules = Pick<UploadsConfig, "fileBytesMax" | "types" | "refused"> & {
  /** Something else looks at the content. */
  readonly anyType?: boolean;
};

export class UploadContent {
  readonly #file: UploadedFile;
  readonly #rules: Rules;
  readonly #digests: DigestCheck;
  #head = Buffer.alloc(0);
  #sniffed: SniffedType | undefined;
  #type: string | undefined;
  #bytes = 0;
  #problem: MillraceError | undefined;

  constructor(file: UploadedFile, rules: Rules) {
    this.#file = file;
    this.#rules = rules;
    this.#digests = new DigestCheck(file.digests);
  }

  /** Bytes that were seen so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Known once enough of it was seen. */
  get type(): string | undefined {
    return this.#type;
  }

  /** What is wrong with an upload that is kept although it is refused. */
  get problem(): MillraceError | undefined {
    return this.#problem;
  }

  /**
   * Looks at the first bytes and says what extension the object gets; then `whole` gives all of them. @throws MillraceError upload-empty,
   * upload-type-refused
   */
  async begin(): Promise<{ readonly extension: string; readonly whole: AsyncIterable<Uint8Array> }> {
    const chunks = this.#file.content[Symbol.asyncIterator]();
    try {
      const first = await this.#readHead(chunks);
      if (this.#bytes === 0) this.#refuse("upload-empty", "is empty");
      else if (this.#rules.anyType !== true) await this.#judgeType();
      this.#head = Buffer.alloc(0);
      return { extension: this.#sniffed?.extension ?? "bin", whole: this.#whole(first, chunks) };
    } catch (thrown) {
      // Whoever brings the content is to know that nobody reads on.
      await chunks.return?.();
      throw thrown;
    }
  }

  async #readHead(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array[]> {
    const first: Uint8Array[] = [];
    while (this.#head.byteLength < headBytesMax) {
      const { done, value } = await chunks.next();
      if (done === true) break;
      this.#count(value);
      first.push(value);
      this.#head = Buffer.concat([this.#head, value]);
    }
    return first;
  }

  async *#whole(first: Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      while (first.length > 0) yield first.shift() as Uint8Array;
      for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
        this.#count(next.value);
        yield next.value;
      }
      const mismatch = this.#digests.mismatch();
      if (mismatch !== undefined) this.#refuse("upload-checksum", `is not what was sent: ${mismatch}`);
    } finally {
      await rest.return?.();
    }
  }

  async #judgeType(): Promise<void> {
    this.#sniffed = await sniffType(this.#head.subarray(0, headBytesMax));
    const { name, declaredType } = this.#file;
    const claim = { name, ...(declaredType === undefined ? {} : { declared: declaredType }) };
    this.#type = agreedType(this.#sniffed, claim);
    const { types } = this.#rules;
    const found = this.#sniffed.type;
    if (this.#type === undefined)
      this.#refuse("upload-type-refused", `was sent as ${short(declaredType)}, and its content is ${found}`);
    else if (types !== undefined && !isAllowed(this.#type, types))
      this.#refuse("upload-type-refused", `is ${this.#type}; this channel takes ${types.join(", ")}`);
    this.#type ??= found;
  }

  #count(chunk: Uint8Array): void {
    this.#bytes += chunk.byteLength;
    this.#digests.update(chunk);
    const { fileBytesMax } = this.#rules;
    if (this.#bytes <= fileBytesMax) return;
    // Never kept: the limit is there for the disk.
    throw refusal(this.#file.name, "upload-too-large", `has more than ${fileBytesMax} bytes`);
  }

  #refuse(code: "upload-empty" | "upload-type-refused" | "upload-checksum", problem: string): void {
    this.#problem ??= refusal(this.#file.name, code, problem);
    if (this.#rules.refused === "drop" || code === "upload-empty") throw this.#problem;
  }
}

export type RefusalCode = "upload-empty" | "upload-type-refused" | "upload-checksum" | "upload-too-large";

const refusals: ReadonlySet<string> = new Set<RefusalCode>([
  "upload-empty",
  "upload-type-refused",
  "upload-checksum",
  "upload-too-large",
]);

/** True for what is wrong with one file; anything else concerns the whole request. */
export function isRefusedFile(thrown: unknown): thrown is MillraceError {
  return thrown instanceof MillraceError && refusals.has(thrown.code);
}

function refusal(name: string, code: RefusalCode, problem: string): MillraceError {
  return new MillraceError(code, `"${name}" ${problem}.`, { details: { name } });
}

function short(text: string | undefined): string {
  return (text ?? "nothing").slice(0, 100);
}
