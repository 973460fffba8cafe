// Packs every published package as it is published: built files, licence, and a manifest without the workspace's source condition.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run-command.ts";

/** A packed package: its name and the path of its tarball. */
export interface PackedPackage {
  readonly name: string;
  readonly tarball: string;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly files?: readonly string[];
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

const SOURCE_CONDITION = "millrace-source";

/** The manifest as published: `exports` names only files that the tarball holds. */
export function publishedManifest<T extends Manifest>(manifest: T): T {
  const entries = Object.entries(manifest.exports ?? {}).map(([path, target]) => {
    if (typeof target === "string") return [path, target];
    return [path, Object.fromEntries(Object.entries(target).filter(([condition]) => condition !== SOURCE_CONDITION))];
  });
  return { ...manifest, exports: Object.fromEntries(entries) as T["exports"] };
}

/** Builds all packages from nothing, so that no file of an earlier build is packed. */
export function buildAll(root: string): void {
  for (const short of packageFolders(root)) {
    rmSync(join(root, "packages", short, "dist"), { recursive: true, force: true });
    rmSync(join(root, ".tsbuild", `${short}.tsbuildinfo`), { force: true });
  }
  run("npm", ["run", "--silent", "build"], { cwd: root });
}

/** Packs all built packages into `folder`. The tree of the repository is not changed. */
export function packAll(root: string, folder: string): PackedPackage[] {
  const staged = packageFolders(root).map((short) => stage(root, short, join(folder, "staged", short)));
  run("npm", ["pack", "--pack-destination", folder, ...staged.map((entry) => entry.folder)], { cwd: folder });
  return staged.map(({ manifest }) => {
    const file = `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`;
    return { name: manifest.name, tarball: join(folder, file) };
  });
}

function packageFolders(root: string): string[] {
  return readdirSync(join(root, "packages")).filter((short) =>
    existsSync(join(root, "packages", short, "package.json")),
  );
}

function stage(root: string, short: string, folder: string): { folder: string; manifest: Manifest } {
  const source = join(root, "packages", short);
  const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as Manifest;
  mkdirSync(folder, { recursive: true });
  for (const part of manifest.files ?? []) cpSync(join(source, part), join(folder, part), { recursive: true });
  for (const text of ["LICENSE", "NOTICE", "README.md"])
    if (existsSync(join(root, text))) cpSync(join(root, text), join(folder, text));
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
  return { folder, manifest };
}
