// Where a project's data is, from its configuration alone: a client of a running instance must not stumble over a broken domain.
import { join, resolve } from "node:path";
import { isMillraceError } from "@millrace/core";
import type { ProjectDeclaration } from "../define-project.ts";
import { loadRawProject } from "./load-raw-project.ts";

const DEFAULT = ".millrace";

/** When the configuration itself is broken, the default place. */
export async function configuredDataFolder(folder: string): Promise<string> {
  const config = join(folder, "millrace.config.ts");
  try {
    const raw = await loadRawProject({ folder, config, domains: [] });
    const found = raw.config.find(({ value }) => value.kind === "project")?.value as ProjectDeclaration | undefined;
    const data = found?.stores?.data;
    return resolve(folder, typeof data === "string" ? data : DEFAULT);
  } catch (error) {
    if (!isMillraceError(error)) throw error;
    return join(folder, DEFAULT);
  }
}
