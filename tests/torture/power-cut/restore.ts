// Gives a folder the content that it would have after a power cut: undoes, newest first, every journalled change that no sync covers.
// The journal is written by power-cut.c, preloaded into the process that was killed.
import {
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  openSync,
  writeSync,
  closeSync,
} from "node:fs";
import { dirname, join } from "node:path";

interface Entry {
  readonly type: string;
  readonly inode: bigint;
  readonly offset: bigint;
  readonly oldSize: bigint;
  readonly path: string;
  readonly second: string;
  readonly data: Buffer;
  /** Byte position in the journal. */
  readonly at: bigint;
}

const headBytes = 1 + 8 * 4 + 4 * 2;

/** What was undone, for reports. */
export interface PowerCutReport {
  readonly entries: number;
  readonly undone: number;
}

/**
 * @param folder the folder that the process wrote to
 * @param journalFolder the value of POWER_CUT_JOURNAL; its content is used up
 */
export function restoreAfterPowerCut(folder: string, journalFolder: string): PowerCutReport {
  const entries = readJournal(join(journalFolder, "journal"));
  const lost = entries.filter((entry) => "WCRU".includes(entry.type)).filter(notCovered(entries));
  const byInode = inodes(folder);
  for (const entry of lost.reverse()) undo(entry, byInode);
  for (const name of existsSync(journalFolder) ? readdirSync(journalFolder) : []) rmSync(join(journalFolder, name));
  return { entries: entries.length, undone: lost.length };
}

function readJournal(file: string): Entry[] {
  const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  const entries: Entry[] = [];
  let at = 0;
  while (at + headBytes <= bytes.length) {
    const length = Number(bytes.readBigUInt64LE(at + 25));
    const pathLength = bytes.readUInt32LE(at + 33);
    const secondLength = bytes.readUInt32LE(at + 37);
    const body = at + headBytes;
    const end = body + pathLength + secondLength + length;
    if (end > bytes.length) break;
    entries.push({
      type: String.fromCharCode(bytes.readUInt8(at)),
      inode: bytes.readBigUInt64LE(at + 1),
      offset: bytes.readBigUInt64LE(at + 9),
      oldSize: bytes.readBigUInt64LE(at + 17),
      path: bytes.toString("utf8", body, body + pathLength),
      second: bytes.toString("utf8", body + pathLength, body + pathLength + secondLength),
      data: bytes.subarray(end - length, end),
      at: BigInt(at),
    });
    at = end;
  }
  return entries;
}

/** A change is durable when a later sync of its file (content, creation) or its folder (names) began after it. */
function notCovered(entries: readonly Entry[]): (entry: Entry) => boolean {
  const files = new Map<bigint, bigint>();
  const folders = new Map<bigint, bigint>();
  const later = (known: bigint | undefined, now: bigint): bigint => (known === undefined || now > known ? now : known);
  for (const entry of entries) {
    if (entry.type === "S") files.set(entry.inode, later(files.get(entry.inode), entry.offset));
    if (entry.type === "D") folders.set(entry.inode, later(folders.get(entry.inode), entry.offset));
  }
  return (entry) => {
    const byFile = entry.type === "W" || entry.type === "C" ? files.get(entry.inode) : undefined;
    const byFolder =
      entry.type === "W" ? undefined : folders.get(folderInode(entry.type === "R" ? entry.second : entry.path));
    return !((byFile !== undefined && byFile > entry.at) || (byFolder !== undefined && byFolder > entry.at));
  };
}

function folderInode(path: string): bigint {
  const folder = dirname(path);
  return existsSync(folder) ? statSync(folder, { bigint: true }).ino : -1n;
}

function inodes(folder: string): Map<bigint, string> {
  const found = new Map<bigint, string>();
  if (!existsSync(folder)) return found;
  for (const item of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!item.isFile()) continue;
    const path = join(item.parentPath, item.name);
    found.set(statSync(path, { bigint: true }).ino, path);
  }
  return found;
}

function undo(entry: Entry, byInode: Map<bigint, string>): void {
  const path = byInode.get(entry.inode);
  if (entry.type === "U") return bringBack(entry.path, entry.data.toString(), byInode);
  if (path === undefined) return;
  if (entry.type === "W") return rewrite(path, entry);
  if (entry.type === "C") {
    rmSync(path, { force: true });
    byInode.delete(entry.inode);
    return;
  }
  renameSync(path, entry.path);
  byInode.set(entry.inode, entry.path);
  bringBack(entry.second, entry.data.toString(), byInode);
}

function bringBack(path: string, kept: string, byInode: Map<bigint, string>): void {
  if (kept === "" || !existsSync(kept) || existsSync(path)) return;
  linkSync(kept, path);
  byInode.set(statSync(path, { bigint: true }).ino, path);
}

function rewrite(path: string, entry: Entry): void {
  if (entry.data.length > 0) {
    const file = openSync(path, "r+");
    writeSync(file, entry.data, 0, entry.data.length, Number(entry.offset));
    closeSync(file);
  }
  truncateSync(path, Number(entry.oldSize));
}
