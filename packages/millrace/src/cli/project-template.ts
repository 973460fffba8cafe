// The project that `millrace init` writes: real files in template/, with the project's name filled in.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { MillraceError } from "@millrace/core";

const templateFolder = fileURLToPath(new URL("../../template", import.meta.url));
/** Names that npm would leave out of the package or take as its own. */
const renamed: Readonly<Record<string, string>> = {
  gitignore: ".gitignore",
  "package.json.template": "package.json",
  "tsconfig.json.template": "tsconfig.json",
};

/**
 * Writes a small working project.
 *
 * @returns the written files, relative to the folder
 * @throws MillraceError folder-not-empty
 */
export function writeProject(target: string, { version }: { readonly version: string }): string[] {
  const folder = resolve(target);
  if (existsSync(folder) && readdirSync(folder).some((name) => name !== ".git"))
    throw new MillraceError("folder-not-empty", `${folder} holds something already; nothing was written.`, {
      hint: "Choose a folder that is not there yet: millrace init <folder>.",
    });
  const name = projectName(basename(folder));
  const files = readdirSync(templateFolder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map((entry) => {
      const source = join(entry.parentPath, entry.name);
      const path = join(dirname(relative(templateFolder, source)), renamed[entry.name] ?? entry.name);
      const text = readFileSync(source, "utf8").replaceAll("{{name}}", name).replaceAll("{{version}}", version);
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
      return path;
    })
    .sort();
}

/** A name that both npm and Millrace take. */
function projectName(folder: string): string {
  const name = folder.toLowerCase().replace(/[^a-z0-9_-]+/g, "-");
  return /^[a-z]/.test(name) ? name : `project-${name}`.replace(/-+$/, "");
}
