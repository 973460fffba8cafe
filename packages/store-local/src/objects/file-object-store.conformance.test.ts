// FileObjectStore shows what the port promises.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { objectStoreConformance } from "@millrace/core/testing/conformance";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { openFileObjectStore } from "./file-object-store.ts";

objectStoreConformance("FileObjectStore", async () => {
  const folder = await temporaryFolder();
  return {
    store: await openFileObjectStore(folder.path),
    reopen: () => openFileObjectStore(folder.path),
    async tamper(key, change) {
      const path = join(folder.path, key);
      await writeFile(path, change(await readFile(path)));
    },
    dispose: () => folder.remove(),
  };
});
