// One owner per data folder. The operating system holds the lock; owner.lock tells clients who it is.
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { MillraceError, type Clock, type Random } from "@millrace/core";
import { writeFileDurably } from "../files/write-file.ts";
import { FileGuard } from "../sqlite/file-guard.ts";
import { ownerFile, processStartOf, readOwner, readRecord, type OwnerRecord } from "./owner-record.ts";

export interface OwnerLock {
  readonly record: OwnerRecord;
  release(): Promise<void>;
}

/** Longest address of a Unix socket that every system takes, in bytes. */
const socketPathBytesMax = 100;

/**
 * Takes the folder or throws `data-folder-locked`, naming the owner's pid. The lock itself ends with the process, also after
 * SIGKILL; whatever record the last owner left is replaced. Two processes can never both hold it.
 */
export async function takeOwnerLock(
  folder: string,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): Promise<OwnerLock> {
  const guard = FileGuard.take(join(folder, "owner.guard"));
  if (guard === undefined) throw await lockedError(folder);
  const path = join(folder, ownerFile);
  const processStart = processStartOf(process.pid);
  const record: OwnerRecord = {
    pid: process.pid,
    socketPath: socketPathOf(folder),
    token: Buffer.from(random.bytes(32)).toString("base64url"),
    startedMs: clock.nowMs(),
    ...(processStart === undefined ? {} : { processStart }),
  };
  try {
    await rm(record.socketPath, { force: true });
    await writeFileDurably(path, `${JSON.stringify(record)}\n`);
  } catch (thrown) {
    guard.release();
    throw thrown;
  }
  return {
    record,
    async release() {
      // After a restore another folder, with an owner of its own, may stand at this path.
      const present = await readRecord(path).catch(() => undefined);
      if (present?.token === record.token) await rm(path, { force: true });
      guard.release();
    },
  };
}

async function lockedError(folder: string): Promise<MillraceError> {
  const owner = await readOwner(folder).catch(() => undefined);
  const who = owner === undefined ? "another process that is just starting or stopping" : `process ${owner.pid}`;
  return new MillraceError("data-folder-locked", `${folder} is owned by ${who}.`, {
    details: { folder, ...(owner === undefined ? {} : { pid: owner.pid, startedMs: owner.startedMs }) },
  });
}

/** In the folder itself when the path is short enough for a socket, else in the system's folder for temporary files. */
function socketPathOf(folder: string): string {
  const name = createHash("sha256").update(resolve(folder)).digest("hex").slice(0, 16);
  if (process.platform === "win32") return `\\\\.\\pipe\\millrace-${name}`;
  const near = join(resolve(folder), "owner.sock");
  return Buffer.byteLength(near) <= socketPathBytesMax ? near : join(tmpdir(), `millrace-${name}.sock`);
}
