// An uploaded data file, seen as files() sees one: format by name or declaration, content checked while it is stored, how to decode it known after that.
import {
  MillraceError,
  type Clock,
  type ContentEncoding,
  type ContractDefinition,
  type DecodeFormat,
  type ObjectCodec,
  type ObjectRef,
  type ObjectStore,
} from "@millrace/core";
import { contentReading } from "../files/content-reading.ts";
import type { ContentCheck } from "../files/encoding-check.ts";
import { declaredFormat, formatOfName } from "../files/file-format.ts";
import { fileFormats } from "../files/format-fields.ts";
import type { UploadedRows } from "./uploads-config.ts";

export interface DataFile {
  readonly encoding: ContentEncoding;
  readonly extension: string;
  readonly codec: ObjectCodec;
  /** Passes the bytes on and checks them. @throws MillraceError file-*, upload-too-large */
  checked(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** Once the content is stored. @throws MillraceError file-* */
  format(ref: ObjectRef, signal: AbortSignal): Promise<DecodeFormat>;
}

export interface DataFileOptions {
  readonly rows: UploadedRows;
  readonly contract: ContractDefinition;
  readonly objects: ObjectStore;
  readonly clock: Clock;
}

const unpackedDefault = 1024 * 1024 * 1024;

/** @throws MillraceError file-unreadable when the name does not tell its format */
export function dataFile(name: string, { rows, ...rest }: DataFileOptions): DataFile {
  const { format, unpackedBytesMax = unpackedDefault, onRewrite = "append", ...inside } = rows;
  const named = format === undefined ? formatOfName(name) : declaredFormat(format, name);
  if (named === undefined)
    throw new MillraceError("file-unreadable", `"${name}": its name does not tell its format; nothing was loaded.`, {
      hint: `Name it by its format, or declare format on the channel, one of ${fileFormats.join(", ")}.`,
    });
  const config = { ...inside, onRewrite, pattern: name, ready: { kind: "quiet-period", period: "0s" } } as const;
  const around = (check: ContentCheck): ContentCheck => bounded(check, { name, unpackedBytesMax });
  const reading = contentReading({ ...rest, path: name, named, config, around });
  return {
    encoding: named.encoding,
    extension: named.extension,
    codec: reading.codec,
    checked: (content) => pass(content, reading.check),
    format: (ref, signal) => reading.format(ref, signal),
  };
}

async function* pass(content: AsyncIterable<Uint8Array>, check: ContentCheck): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of content) {
      await check.push(chunk);
      yield chunk;
    }
    await check.end();
  } finally {
    check.dispose();
  }
}

/** A few kilobytes can unpack to the size of a disk. */
function bounded(
  inner: ContentCheck,
  { name, unpackedBytesMax }: { readonly name: string; readonly unpackedBytesMax: number },
): ContentCheck {
  let bytes = 0;
  return {
    push(chunk) {
      bytes += chunk.byteLength;
      if (bytes <= unpackedBytesMax) return inner.push(chunk);
      throw new MillraceError("upload-too-large", `"${name}" unpacks to more than ${unpackedBytesMax} bytes.`, {
        details: { name },
      });
    },
    end: () => inner.end(),
    dispose: () => inner.dispose(),
  };
}
