// Puts a backup in the place of a data folder: proven first, copied aside, then swapped in, so that it is there as a whole or not at all.
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { MillraceError, systemClock, systemRandom } from "@millrace/core";
import { diskSync } from "../files/disk-sync.ts";
import { fileError } from "../files/file-errors.ts";
import { verifyBackup } from "./backup-manifest.ts";
import type { BackupSummary } from "./backup.ts";
import { copyDurably, copyObjects, freshFolder } from "./copy-durably.ts";
import type { DataFolderOptions } from "./data-folder.ts";
import { bringUpToDate, readFormat } from "./folder-format.ts";
import { takeOwnerLock } from "./owner-lock.ts";

/**
 * Restores into `folder`, which must be absent, empty, or given up with `replace`. The log keeps its incarnation, so the cursors
 * of the restored warehouse fit it.
 *
 * @throws backup-invalid, data-folder-newer, data-folder-locked, folder-not-empty, storage-failed, storage-full
 */
export async function restoreInto(
  backup: string,
  folder: string,
  options: DataFolderOptions & { readonly replace?: boolean } = {},
): Promise<BackupSummary> {
  const { clock = systemClock, random = systemRandom, replace = false } = options;
  const path = resolve(folder);
  const manifest = await verifyBackup(backup);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const lock = await takeOwnerLock(path, { clock, random });
    try {
      if (!replace) await requireUnused(path);
      const staged = `${path}.restoring`;
      await freshFolder(staged);
      for (const name of Object.keys(manifest.files)) await copyDurably(join(backup, name), join(staged, name));
      const objects = await copyObjects(join(backup, "objects"), join(staged, "objects"));
      await bringUpToDate(staged);
      await diskSync.folder(staged);
      await swap(staged, path);
      const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, objects.bytes);
      return { path, objects: objects.count, bytes };
    } finally {
      await lock.release();
    }
  } catch (thrown) {
    throw fileError(thrown, path);
  }
}

async function requireUnused(path: string): Promise<void> {
  if ((await readFormat(path)) === undefined) return;
  throw new MillraceError("folder-not-empty", `${path} holds data; restoring would replace it.`, {
    hint: "To give it up, say so with --replace; nothing was changed.",
    details: { path },
  });
}

/** The old folder leaves only when the new one is complete. Killed between the two renames, the same restore can run again. */
async function swap(staged: string, path: string): Promise<void> {
  const old = `${path}.replaced`;
  await rm(old, { recursive: true, force: true });
  await rename(path, old);
  await rename(staged, path);
  await diskSync.folder(dirname(path));
  await rm(old, { recursive: true, force: true });
}
