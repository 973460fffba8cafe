// Walks the folders of the object store in the order of the keys, holding one folder's names at a time.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileError, systemCode } from "../files/file-errors.ts";

export interface ListedObject {
  readonly key: string;
  readonly storedBytes: number;
  readonly modifiedMs: number;
}

/** Objects whose key starts with `prefix`, folder by folder in name order. Objects that vanish meanwhile are passed over. */
export async function* listObjects(root: string, prefix: string): AsyncGenerator<ListedObject> {
  yield* walk(root, "", prefix);
}

async function* walk(root: string, folder: string, prefix: string): AsyncGenerator<ListedObject> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(orNothing(folder, []));
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const key = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      const reaches = `${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`);
      // No segment of a key begins with a dot: what does is the store's own.
      if (reaches && !entry.name.startsWith(".")) yield* walk(root, key, prefix);
    } else if (key.startsWith(prefix)) {
      const found = await stat(join(root, key)).catch(orNothing(key, undefined));
      if (found !== undefined) yield { key, storedBytes: found.size, modifiedMs: found.mtimeMs };
    }
  }
}

function orNothing<T>(path: string, nothing: T): (thrown: unknown) => T {
  return (thrown) => {
    if (systemCode(thrown) === "ENOENT") return nothing;
    throw fileError(thrown, path);
  };
}
