// Copies a file into the object store, piece by piece. Nothing is stored of a file that is refused.
import { createHash } from "node:crypto";
import type { ObjectRef, ObjectStore, PutOptions } from "@millrace/core";
import type { ContentCheck } from "./encoding-check.ts";

interface CopyOptions extends PutOptions {
  readonly objects: ObjectStore;
  readonly check: ContentCheck;
}

/** @throws MillraceError what the content and the check throw, storage-* */
export async function copyFile(
  content: AsyncIterable<Uint8Array>,
  { objects, check, ...options }: CopyOptions,
): Promise<ObjectRef> {
  try {
    return await objects.put(checkedContent(content, check), options);
  } finally {
    check.dispose();
  }
}

/** SHA-256, hex. @throws what the content throws */
export async function hashContent(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of content) hash.update(piece);
  return hash.digest("hex");
}

async function* checkedContent(content: AsyncIterable<Uint8Array>, check: ContentCheck): AsyncGenerator<Uint8Array> {
  for await (const piece of content) {
    await check.push(piece);
    yield piece;
  }
  await check.end();
}
