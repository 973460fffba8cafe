// Rows to files of a folder. A file gets its name when it is complete and synced; then its manifest, then its marker. The same version written again
// gives the same names.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import {
  deliveryName,
  MillraceError,
  type DeliveryContext,
  type DeliverySender,
  type Destination,
  type ExportedFile,
  type Parcel,
  type ParcelOutcome,
} from "@millrace/core";
import { describeFields } from "../authoring/option-fields.ts";
import { isEnvRef } from "../authoring/references.ts";
import type { FileTargetOptions } from "./delivery-config.ts";
import { fileTargetFields } from "./delivery-fields.ts";
import { fillName, formatOf } from "./file-name.ts";
import { validateDelivery } from "./validate-delivery.ts";

const example = `export const nightly = delivery({
  from: "sales.revenue_by_day",
  to: toFile({ folder: "out", name: "revenue-{version}.parquet", marker: "{name}.done" }),
  send: "snapshot",
  every: "0 2 * * *",
});`;

export const fileDestination: Destination = {
  name: "file",
  summary: "Writes the changed rows, or the whole result, of a table or model into files of a folder.",
  fields: describeFields(fileTargetFields),
  example,
  validate: (delivery) => validateDelivery(delivery, fileTargetFields),
  columns: () => [],
  fileFormat: ({ config }) => formatOf(config as FileTargetOptions),
  open: (context) => Promise.resolve(new FileSender(context)),
};

class FileSender implements DeliverySender {
  readonly #context: DeliveryContext;
  readonly #config: FileTargetOptions;
  readonly #folder: string;

  constructor(context: DeliveryContext) {
    this.#context = context;
    this.#config = context.delivery.config as FileTargetOptions;
    const { folder } = this.#config;
    this.#folder = resolve(context.projectFolder, isEnvRef(folder) ? context.secrets.setting(folder) : folder);
  }

  async send(parcel: Parcel, signal: AbortSignal): Promise<ParcelOutcome> {
    try {
      if (parcel.file === undefined) throw new MillraceError("internal", "A file delivery got no file.");
      await this.#place(parcel, parcel.file);
      return { kind: "acknowledged" };
    } catch (thrown) {
      signal.throwIfAborted();
      return { kind: "failed", error: writeError(thrown, this.#folder), isAway: true };
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #place(parcel: Parcel, file: ExportedFile): Promise<void> {
    const target = join(this.#folder, fillName(this.#config.name, parcel));
    const folder = dirname(target);
    await mkdir(folder, { recursive: true });
    const { sha256, bytes } = await checksum(file.path);
    await whole(target, (draft) => copyFile(file.path, draft));
    const { manifest = true, marker } = this.#config;
    const told = { file: basename(target), format: formatOf(this.#config), rows: Number(file.rows), bytes, sha256 };
    const about = { delivery: deliveryName(this.#context.delivery), version: Number(parcel.version), ...told };
    if (manifest)
      await whole(`${target}.manifest.json`, (draft) => writeFile(draft, `${JSON.stringify(about, null, 2)}\n`));
    if (marker !== undefined)
      await whole(join(folder, marker.replaceAll("{name}", basename(target))), (draft) => writeFile(draft, ""));
  }
}

async function checksum(path: string): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).byteLength;
  }
  return { sha256: hash.digest("hex"), bytes };
}

/** Written beside its name, synced, renamed, and the folder synced: nobody sees a part of it. */
async function whole(target: string, write: (draft: string) => Promise<void>): Promise<void> {
  const draft = join(dirname(target), `.${basename(target)}.part`);
  try {
    await write(draft);
    await sync(draft);
    await rename(draft, target);
    await sync(dirname(target));
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function writeError(thrown: unknown, folder: string): MillraceError {
  if (thrown instanceof MillraceError) return thrown;
  const reason = (thrown as { readonly code?: string }).code ?? String(thrown);
  return new MillraceError("upstream-unavailable", `The folder ${folder} could not be written to: ${reason}.`, {
    hint: "Look at the folder's disk and permissions; it is tried again by itself.",
    cause: thrown,
  });
}
