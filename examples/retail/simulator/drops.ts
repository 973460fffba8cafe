// Drops files as a careful supplier does: written under another name, renamed when complete, the marker last.
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Writes the files below `folder` and marks their folders complete. Files that are there with the same text are left alone. */
export async function dropFiles(
  folder: string,
  files: readonly { readonly path: string; readonly text: string }[],
): Promise<void> {
  const folders = new Set<string>();
  for (const file of files) {
    const target = join(folder, file.path);
    folders.add(dirname(target));
    await mkdir(dirname(target), { recursive: true });
    if ((await readFile(target, "utf8").catch(() => undefined)) === file.text) continue;
    await writeFile(`${target}.part`, file.text);
    await rename(`${target}.part`, target);
  }
  for (const marked of folders) await writeFile(join(marked, "_SUCCESS"), "");
}
