// What a backup says about itself: which files belong to it and what each must be. backup.ts writes it, restore.ts believes nothing else.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import { listObjects } from "../objects/list-objects.ts";

export interface FileFacts {
  readonly bytes: number;
  readonly sha256: string;
}

export interface ObjectFacts {
  readonly count: number;
  readonly bytes: number;
}

export interface BackupManifest {
  /** Version of the manifest itself. */
  readonly backup: 1;
  readonly createdMs: number;
  /** By name in the backup's folder. */
  readonly files: Readonly<Record<string, FileFacts>>;
  /** Objects carry their hash in their name and are checked when they are read; here it counts that none is absent. */
  readonly objects: ObjectFacts;
}

export const manifestFile = "backup.json";

export async function factsOf(path: string): Promise<FileFacts> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  return { bytes: (await stat(path)).size, sha256: hash.digest("hex") };
}

export async function objectFactsOf(objects: string): Promise<ObjectFacts> {
  let count = 0;
  let bytes = 0;
  for await (const object of listObjects(objects, "")) {
    count += 1;
    bytes += object.storedBytes;
  }
  return { count, bytes };
}

/** Reads the manifest and proves that the folder holds what it says. @throws backup-invalid */
export async function verifyBackup(backup: string): Promise<BackupManifest> {
  const manifest = await readManifest(backup);
  for (const [name, expected] of Object.entries(manifest.files)) {
    const found = await factsOf(join(backup, name)).catch(() => undefined);
    if (found?.bytes !== expected.bytes || found.sha256 !== expected.sha256) {
      throw invalid(
        backup,
        `${name} is ${found === undefined ? "absent or unreadable" : "not the file that was written"}`,
      );
    }
  }
  const found = await objectFactsOf(join(backup, "objects"));
  const { count, bytes } = manifest.objects;
  if (found.count !== count || found.bytes !== bytes) {
    throw invalid(
      backup,
      `it holds ${found.count} objects with ${found.bytes} bytes instead of ${count} with ${bytes}`,
    );
  }
  return manifest;
}

async function readManifest(backup: string): Promise<BackupManifest> {
  try {
    const manifest = JSON.parse(await readFile(join(backup, manifestFile), "utf8")) as Partial<BackupManifest>;
    if (manifest.backup === 1 && manifest.files !== undefined && manifest.objects !== undefined)
      return manifest as BackupManifest;
  } catch (thrown) {
    throw invalid(backup, `its ${manifestFile} cannot be read`, thrown);
  }
  throw invalid(backup, `its ${manifestFile} is not one of this version`);
}

function invalid(backup: string, reason: string, cause?: unknown): MillraceError {
  return new MillraceError("backup-invalid", `${backup} cannot be restored: ${reason}.`, {
    cause,
    details: { backup },
  });
}
