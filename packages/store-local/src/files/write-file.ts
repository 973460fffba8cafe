// Small files that are whole or absent: written aside, synced, renamed, and the folder synced.
import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { diskSync } from "./disk-sync.ts";
import { fileError } from "./file-errors.ts";

/** Replaces the file as a whole, durably; only the owner of the process may read it. @throws storage-failed, storage-full */
export async function writeFileDurably(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${process.pid}.tmp`);
  try {
    await rm(temporary, { force: true });
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(text);
      await diskSync.file(file);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await diskSync.folder(dirname(path));
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw fileError(thrown, path);
  }
}
