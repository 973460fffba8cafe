// Where the manifests are: outside the project, because they are not ours. The golden files hold what was seen, never a manifest.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const PROJECT = path.resolve(import.meta.dirname, "../..");

/** `MILLRACE_MANIFESTS`, else `shared/data/airbyte-manifests` beside the project. */
export const MANIFEST_FOLDER: string =
  process.env["MILLRACE_MANIFESTS"] ?? path.resolve(PROJECT, "../shared/data/airbyte-manifests");

export function manifestPath(name: string): string {
  return path.join(MANIFEST_FOLDER, `source-${name}.yaml`);
}

/** Names of the manifests that are present; none when the folder is absent. */
export function manifestNames(): readonly string[] {
  if (!existsSync(MANIFEST_FOLDER)) return [];
  return readdirSync(MANIFEST_FOLDER)
    .map((file) => /^source-(.+)\.yaml$/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .toSorted();
}

export function manifestHash(name: string): string {
  return createHash("sha256")
    .update(readFileSync(manifestPath(name)))
    .digest("hex");
}
