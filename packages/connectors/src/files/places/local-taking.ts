// Takes loaded files out of a local folder: into an archive, or away. A crash in the midst leaves the file in one place or in both, never in none.
import { copyFile, link, lstat, mkdir, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { hashContent } from "../copy-file.ts";
import { notMoved } from "../after-load.ts";
import { isGone, modifiedMicros, systemCode } from "./list-files.ts";
import { localContent } from "./local-content.ts";
import type { FoundFile, Taking } from "./place.ts";

/** Files of one name that an archive folder holds with numbers. */
const numbersMax = 10_000;

/** @param root relative targets start here */
export function localTaking(root: string): Taking {
  return {
    async move(file, to) {
      const target = resolve(root, to);
      try {
        await mkdir(dirname(target), { recursive: true });
        await moveFile(file, target);
      } catch (thrown) {
        if (!isGone(thrown) || (await isThere(file))) throw notMoved(file, target, thrown);
      }
    },
    async remove(file) {
      try {
        if (await isThere(file)) await unlink(file.absolute);
      } catch (thrown) {
        if (!isGone(thrown)) throw notMoved(file, undefined, thrown);
      }
    },
  };
}

/** This very version stands in its place; a newer one is left alone, it is loaded next. */
async function isThere(file: FoundFile): Promise<boolean> {
  const stats = await stat(file.absolute, { bigint: true }).catch(() => undefined);
  return stats !== undefined && Number(stats.size) === file.size && modifiedMicros(stats) === file.modifiedMicros;
}

async function moveFile(file: FoundFile, target: string): Promise<void> {
  // Whatever links lead there: a file that stands where it should go is there already.
  if ((await realName(target)) === (await realName(file.absolute))) return;
  for (let number = 1; number <= numbersMax; number += 1) {
    if (!(await isThere(file))) return;
    const name = numbered(target, number);
    if (await place(file, name)) return unlink(file.absolute);
    // An earlier try placed it and was cut off before it took the original away.
    if (await holdsSame(file, name)) return unlink(file.absolute);
  }
  throw new Error(`${numbersMax} files have this name already`);
}

async function realName(path: string): Promise<string> {
  return join(await realpath(dirname(path)), basename(path));
}

/** False when the name is taken. A second name of the same file first, which cannot overwrite; a copy where the system has no such thing. */
async function place(file: FoundFile, name: string): Promise<boolean> {
  // A symbolic link is moved as what it points to: the link itself may break elsewhere.
  const linked = (await lstat(file.absolute)).isSymbolicLink();
  try {
    if (linked) await copyAside(file.absolute, name);
    else await link(file.absolute, name);
    return true;
  } catch (thrown) {
    if (systemCode(thrown) === "EEXIST") return false;
    if (!["EXDEV", "EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK"].includes(systemCode(thrown) ?? "")) throw thrown;
    return copyAside(file.absolute, name);
  }
}

/** Never shows half a file under the name. */
async function copyAside(from: string, name: string): Promise<boolean> {
  if ((await stat(name).catch(() => undefined)) !== undefined) return false;
  const aside = `${name}.part`;
  await copyFile(from, aside);
  await rename(aside, name);
  return true;
}

async function holdsSame(file: FoundFile, name: string): Promise<boolean> {
  const stats = await stat(name, { bigint: true });
  if (Number(stats.size) !== file.size) return false;
  const there: FoundFile = { ...file, absolute: name, modifiedMicros: modifiedMicros(stats) };
  return (await hashContent(localContent(there))) === (await hashContent(localContent(file)));
}

/** `a.csv`, `a~2.csv`, `a~3.csv` */
export function numbered(target: string, number: number): string {
  if (number === 1) return target;
  const extension = extname(target);
  return `${target.slice(0, target.length - extension.length)}~${number}${extension}`;
}
