// Where a project's data is: from the loaded project, or from its configuration alone when a domain of it is broken.
import { join, resolve } from "node:path";
import { isMillraceError, type ProjectDefinition } from "@millrace/core";
import type { ProjectDeclaration } from "../define-project.ts";
import { loadRawProject } from "./load-raw-project.ts";

const DEFAULT = ".millrace";

/** Where a loaded project keeps its data. */
export function dataFolderOf(project: Pick<ProjectDefinition, "config" | "folder">): string {
  return resolve(project.folder, project.config.stores?.data ?? DEFAULT);
}

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
