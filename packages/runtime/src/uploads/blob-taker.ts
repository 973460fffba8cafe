// Files that become one row each: content into the object store, then all rows of the request with one append. The log's batcher loads them.
import { hash } from "node:crypto";
import { MillraceError, stringifyExact, type ObjectRef } from "@millrace/core";
import { isRefusedFile, UploadContent, type UploadedFile } from "@millrace/connectors";
import type { FileReceipt, IngestReceipt } from "../platform.ts";
import { places, toText } from "../load/sql-values.ts";
import { blobColumnsOf, quoted } from "./blob-table.ts";
import type { RecentUploads } from "./recent-uploads.ts";
import { refuseUpload, type UploadRecord } from "./refused-upload.ts";
import type { FormFields, UploadChannel, UploadParts, UploadTaker } from "./upload-parts.ts";

interface Taken {
  readonly name: string;
  readonly declaredType: string | undefined;
  readonly type: string | undefined;
  readonly bytes: number;
  readonly ref?: ObjectRef;
  readonly error?: MillraceError;
}

type Stored = Taken & { readonly ref: ObjectRef; readonly type: string };

interface Identified extends Stored {
  readonly id: string;
}

export class BlobTaker implements UploadTaker {
  readonly #parts: UploadParts;
  readonly #channel: UploadChannel;
  readonly #recent: RecentUploads;
  readonly #taken: Taken[] = [];

  constructor(parts: UploadParts, channel: UploadChannel, recent: RecentUploads) {
    this.#parts = parts;
    this.#channel = channel;
    this.#recent = recent;
  }

  /** Resolves after the content is durable, or the file is refused for its content. @throws whatever concerns the whole request */
  async take(file: UploadedFile): Promise<void> {
    const content = new UploadContent(file, this.#channel.config);
    const about = (): Taken => {
      const { type, bytes } = content;
      return { name: file.name, declaredType: file.declaredType, type, bytes };
    };
    try {
      const { extension, whole } = await content.begin();
      const ref = await this.#parts.objects.put(whole, { prefix: this.#prefix(), extension, codec: "none" });
      this.#taken.push({ ...about(), ref, ...(content.problem === undefined ? {} : { error: content.problem }) });
    } catch (thrown) {
      if (!isRefusedFile(thrown)) throw thrown;
      this.#taken.push({ ...about(), error: thrown });
    }
  }

  async settle(fields: FormFields): Promise<readonly FileReceipt[]> {
    const good = this.#taken.filter((one): one is Stored => one.error === undefined && one.ref !== undefined);
    const receipts = new Map<Taken, FileReceipt>();
    for (const [one, receipt] of await this.#store(good, fields)) receipts.set(one, receipt);
    for (const one of this.#taken) if (one.error !== undefined) receipts.set(one, await this.#refuse(one, fields));
    return this.#taken.flatMap((one) => receipts.get(one) ?? []);
  }

  async abandon(): Promise<void> {
    await Promise.all(this.#taken.map((one) => this.#forget(one)));
  }

  /** A folder of its own per file: no other upload names what is in it, so it can go when the file is not taken after all. */
  #prefix(): string {
    const { domain, name } = this.#channel.definition;
    const day = new Date(this.#parts.clock.nowMs()).toISOString().slice(0, 10).replaceAll("-", "/");
    return `blobs/${domain}/${name}/${day}/${this.#parts.random.uuid()}`;
  }

  async #forget({ ref }: Taken): Promise<void> {
    if (ref === undefined) return;
    await this.#parts.objects.delete(ref.key).catch((error: unknown) => {
      this.#parts.log.warn("The content of an upload that was not taken stays behind.", { error: String(error) });
    });
  }

  async #store(files: readonly Stored[], fields: FormFields): Promise<Map<Taken, FileReceipt>> {
    const receipts = new Map<Taken, FileReceipt>();
    const identified = files.map((file) => ({ ...file, id: this.#idOf(file, fields), file }));
    const known = await this.#known(identified.map(({ id }) => id));
    const fresh: typeof identified = [];
    for (const one of identified) {
      if (!known.has(one.id) && this.#recent.reserve(one.id)) {
        fresh.push(one);
        continue;
      }
      await this.#forget(one);
      receipts.set(one.file, { ...receiptOf(one), state: "repeated" });
    }
    if (fresh.length === 0) return receipts;
    const receipt = await this.#append(fresh, fields);
    for (const [at, one] of fresh.entries()) receipts.set(one.file, this.#judged(one, receipt, at));
    return receipts;
  }

  /** Durable when this resolves. */
  async #append(fresh: readonly Identified[], fields: FormFields): Promise<IngestReceipt> {
    const lines = fresh.map((one) => `${stringifyExact({ ...fields, ...this.#record(one) })}\n`).join("");
    const ids = fresh.map(({ id }) => id);
    try {
      const body = Buffer.from(lines, "utf8");
      const receipt = await this.#parts.ingress.append(this.#channel.name, { body, format: "ndjson" });
      this.#recent.appended(ids, receipt.offset + BigInt(fresh.length) - 1n);
      return receipt;
    } catch (error) {
      this.#recent.release(ids);
      throw error;
    }
  }

  #judged(one: Identified, receipt: IngestReceipt, at: number): FileReceipt {
    const rejected = receipt.rejected.find(({ index }) => index === at);
    if (rejected === undefined) return { ...receiptOf(one), state: "accepted" };
    const message = `"${one.name}" does not pass the contract of ${this.#channel.table}: ${rejected.codes.join(", ")}.`;
    const error = new MillraceError("upload-rejected", message, { details: { codes: rejected.codes } });
    return { ...receiptOf(one), state: "refused", error: error.toJSON() };
  }

  async #refuse(one: Taken, fields: FormFields): Promise<FileReceipt> {
    const error = one.error ?? new MillraceError("internal", "A file was refused without a reason.");
    const id = this.#idOf(one, { ...fields, "": error.code });
    const record = { ...fields, ...this.#record({ ...one, id }) };
    const added = await refuseUpload(this.#parts, this.#channel, { record, name: one.name, error });
    // The row that was there before names content of its own.
    if (!added) await this.#forget(one);
    return { name: one.name, state: "refused", error: error.toJSON() };
  }

  #record({ id, name, type, declaredType, bytes, ref }: Taken & { readonly id: string }): UploadRecord {
    return {
      id,
      name,
      type: type ?? declaredType,
      size: bytes,
      ...(ref === undefined ? {} : { sha256: ref.sha256, object: ref.key }),
      received_at: new Date(this.#parts.clock.nowMs()).toISOString(),
    };
  }

  /** The same name, content and fields are the same upload, whenever and by whichever way it comes. */
  #idOf({ name, ref, declaredType }: Taken, fields: FormFields): string {
    const sorted = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
    const content = ref?.sha256 ?? `unseen ${declaredType ?? ""}`;
    return hash("sha256", JSON.stringify([this.#channel.table, name, content, sorted]), "hex").slice(0, 32);
  }

  /** Those that are in the table. */
  async #known(ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set();
    const { contract, domain } = this.#parts.tables.get(this.#channel.table);
    const { id } = blobColumnsOf(contract);
    const sql = `SELECT ${quoted(id)} FROM ${quoted(domain)}.${quoted(contract.name)} WHERE ${quoted(id)} IN (${places(ids.length)})`;
    const found = await this.#parts.warehouse.query(sql, [...ids]);
    return new Set(found.rows.map(([value]) => toText(value)));
  }
}

function receiptOf({ name, id, type, bytes, ref }: Identified): Pick<FileReceipt, "name" | "blob"> {
  return { name, blob: { id, type, bytes, sha256: ref.sha256 } };
}
