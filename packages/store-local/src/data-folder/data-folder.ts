// The folder that holds everything a running instance keeps: its format, its owner, and the places of its stores.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { systemClock, systemRandom, type Clock, type Random } from "@millrace/core";
import { fileError } from "../files/file-errors.ts";
import { bringUpToDate } from "./folder-format.ts";
import { takeOwnerLock } from "./owner-lock.ts";
import type { OwnerRecord } from "./owner-record.ts";

export interface DataFolderPaths {
  readonly warehouse: string;
  readonly log: string;
  readonly control: string;
  readonly objects: string;
  /** Secrets that upstreams issued; made when there is one. Not part of a backup: a token that is good for one use is spent long before a restore. */
  readonly kept: string;
  /** Emptied at each start. */
  readonly tmp: string;
}

export interface DataFolder extends AsyncDisposable {
  readonly path: string;
  readonly format: number;
  readonly files: DataFolderPaths;
  /** What clients read from the lock file: the server listens on its socket and asks for its token. */
  readonly owner: OwnerRecord;
  /** Gives the folder up. Close the stores first. */
  release(): Promise<void>;
}

export interface DataFolderOptions {
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Where the parts of a data folder are. */
export function dataFolderPaths(path: string): DataFolderPaths {
  return {
    warehouse: join(path, "warehouse.duckdb"),
    log: join(path, "log.sqlite"),
    control: join(path, "control.sqlite"),
    objects: join(path, "objects"),
    kept: join(path, "kept"),
    tmp: join(path, "tmp"),
  };
}

/**
 * Creates or opens the folder and owns it until `release` or the end of the process.
 *
 * @throws data-folder-locked (naming the pid), data-folder-newer, data-folder-invalid, storage-failed, storage-full
 * @example await using folder = await openDataFolder("shop/.millrace");
 */
export async function openDataFolder(path: string, options: DataFolderOptions = {}): Promise<DataFolder> {
  const { clock = systemClock, random = systemRandom } = options;
  const files = dataFolderPaths(path);
  await makePrivate(path);
  const lock = await takeOwnerLock(path, { clock, random });
  try {
    const format = await bringUpToDate(path);
    await rm(files.tmp, { recursive: true, force: true });
    await makePrivate(files.tmp);
    await makePrivate(files.objects);
    const release = (): Promise<void> => lock.release();
    return { path, format, files, owner: lock.record, release, [Symbol.asyncDispose]: release };
  } catch (thrown) {
    await lock.release();
    throw fileError(thrown, path);
  }
}

async function makePrivate(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw fileError(thrown, folder);
  }
}
