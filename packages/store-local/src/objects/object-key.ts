// Names of raw objects: folder, content hash, and extensions that tell format and codec. Nothing outside the store can be named.
import { join } from "node:path";
import { MillraceError, type ObjectCodec } from "@millrace/core";

const segment = /^[A-Za-z0-9_=-][A-Za-z0-9._=-]*$/;

export function objectKey(options: { prefix: string; sha256: string; extension: string; codec: ObjectCodec }): string {
  const suffix = options.codec === "zstd" ? ".zst" : "";
  const extension = options.extension === "" ? "" : `.${options.extension}`;
  // An extension is part of the name, never a folder of its own.
  if (options.extension.includes("/")) throw notAKey(options.extension);
  return requireKey(`${options.prefix}/${options.sha256}${extension}${suffix}`);
}

/** @throws internal: keys are made from checked names, so a bad one is a fault of the caller */
export function requireKey(key: string): string {
  if (key.split("/").every((part) => segment.test(part))) return key;
  throw notAKey(key);
}

function notAKey(text: string): MillraceError {
  return new MillraceError("internal", `"${text}" is not a key of the object store.`);
}

export function objectPath(folder: string, key: string): string {
  return join(folder, ...requireKey(key).split("/"));
}
