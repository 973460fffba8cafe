// Takes a backup of a data folder while it is in use: the stores write their own copies, objects are linked, a manifest seals it.
import { readdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { MillraceError, systemClock, type Clock } from "@millrace/core";
import { diskSync } from "../files/disk-sync.ts";
import { fileError, systemCode } from "../files/file-errors.ts";
import { writeFileDurably } from "../files/write-file.ts";
import { factsOf, manifestFile, type BackupManifest, type FileFacts } from "./backup-manifest.ts";
import { copyDurably, copyObjects, freshFolder, syncFile } from "./copy-durably.ts";
import { formatFile } from "./folder-format.ts";

/** One store's copy: `write` gets the path of a file that does not exist yet. */
export interface BackupPart {
  readonly name: "warehouse.duckdb" | "control.sqlite" | "log.sqlite";
  write(target: string): Promise<void>;
}

export interface BackupSummary {
  readonly path: string;
  readonly objects: number;
  readonly bytes: number;
}

/**
 * Writes the parts in the order given, then the objects. It is one consistent cut when the warehouse comes before the log and
 * the log keeps what the warehouse may still need: hold its trims (`SqliteEventLog.holdTrims`) around the call. Everything that
 * the warehouse's copy refers to is then in the copies that follow it. An interrupted backup leaves no folder at `target`.
 *
 * @throws folder-not-empty, storage-failed, storage-full
 */
export async function backUpDataFolder(
  folder: string,
  target: string,
  options: { readonly parts: readonly BackupPart[]; readonly clock?: Clock },
): Promise<BackupSummary> {
  const { parts, clock = systemClock } = options;
  const path = resolve(target);
  await requireAbsent(path);
  const partial = `${path}.partial`;
  try {
    await freshFolder(partial);
    const files: Record<string, FileFacts> = {};
    for (const part of parts) {
      await part.write(join(partial, part.name));
      await syncFile(join(partial, part.name));
      files[part.name] = await factsOf(join(partial, part.name));
    }
    await copyDurably(join(folder, formatFile), join(partial, formatFile));
    files[formatFile] = await factsOf(join(partial, formatFile));
    const objects = await copyObjects(join(folder, "objects"), join(partial, "objects"));
    const manifest: BackupManifest = { backup: 1, createdMs: clock.nowMs(), files, objects };
    await writeFileDurably(join(partial, manifestFile), `${JSON.stringify(manifest, undefined, 2)}\n`);
    await rename(partial, path);
    await diskSync.folder(dirname(path));
    const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, objects.bytes);
    return { path, objects: objects.count, bytes };
  } catch (thrown) {
    await rm(partial, { recursive: true, force: true });
    throw fileError(thrown, path);
  }
}

async function requireAbsent(path: string): Promise<void> {
  const names = await readdir(path).catch((thrown: unknown) => {
    if (systemCode(thrown) === "ENOENT") return undefined;
    throw fileError(thrown, path);
  });
  if (names === undefined) return;
  if (names.length === 0) return rm(path, { recursive: true });
  throw new MillraceError("folder-not-empty", `${path} holds something already; a backup needs a new folder.`, {
    details: { path },
  });
}
