// Copies of files and of whole object stores that are synced before they count.
import { copyFile, link, mkdir, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { diskSync } from "../files/disk-sync.ts";
import { systemCode } from "../files/file-errors.ts";
import { listObjects } from "../objects/list-objects.ts";
import type { ObjectFacts } from "./backup-manifest.ts";

export async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await diskSync.file(file);
  } finally {
    await file.close();
  }
}

export async function copyDurably(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await syncFile(to);
}

/** Brings every object over: as a second name of the same file where the file system allows it (objects never change), else as a copy. */
export async function copyObjects(from: string, to: string): Promise<ObjectFacts> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  const folders = new Set([to]);
  let count = 0;
  let bytes = 0;
  for await (const object of listObjects(from, "")) {
    const target = join(to, object.key);
    if (!folders.has(dirname(target))) await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    for (let folder = dirname(target); folder !== to; folder = dirname(folder)) folders.add(folder);
    await linkOrCopy(join(from, object.key), target);
    count += 1;
    bytes += object.storedBytes;
  }
  for (const folder of folders) await diskSync.folder(folder);
  return { count, bytes };
}

const cannotLink = new Set(["EXDEV", "EPERM", "EMLINK", "ENOTSUP", "EOPNOTSUPP"]);

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (thrown) {
    if (!cannotLink.has(systemCode(thrown) ?? "")) throw thrown;
    await copyDurably(from, to);
  }
}

/** An empty folder at this path, whatever an earlier attempt left there. */
export async function freshFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true, mode: 0o700 });
}
