// From a folder to a checked project: list the files, run the code in a worker, assemble the definitions.
import type { ProjectDefinition } from "@millrace/core";
import { assembleProject } from "./assemble-project.ts";
import { loadRawProject, type LoadOptions } from "./load-raw-project.ts";
import { listProjectFiles } from "./project-files.ts";

/**
 * Loads the project in `folder`. Each call runs the author's code anew.
 *
 * @throws MillraceError project-not-found, project-invalid, project-code-failed, contract-invalid, channel-invalid, with file and line
 */
export async function loadProject(folder: string, options: LoadOptions = {}): Promise<ProjectDefinition> {
  const files = listProjectFiles(folder);
  return assembleProject(files, await loadRawProject(files, options));
}
