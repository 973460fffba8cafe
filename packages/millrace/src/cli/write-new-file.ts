// Writes what a command made into a file that its user named; nothing that differs is replaced unasked.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { MillraceError } from "@millrace/core";

/**
 * @returns the file as it was named
 * @throws MillraceError file-exists
 */
export async function writeNewFile(cwd: string, name: string, text: string, force = false): Promise<string> {
  const path = resolve(cwd, name);
  if (!force) {
    const there = await readFile(path, "utf8").catch(() => undefined);
    if (there === text) return name;
    if (there !== undefined)
      throw new MillraceError("file-exists", `${name} is there already and differs.`, { details: { file: name } });
  }
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return name;
}
