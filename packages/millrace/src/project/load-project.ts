// From a folder to a checked project: list the files, run the code in a worker, assemble the definitions, let each connector check its channels.
import type { Connector, ProjectDefinition } from "@millrace/core";
import { didYouMean } from "@millrace/core";
import { assembleProject } from "./assemble-project.ts";
import { loadRawProject, type LoadOptions } from "./load-raw-project.ts";
import { listProjectFiles } from "./project-files.ts";
import { ProjectProblems } from "./project-problems.ts";

/**
 * Loads the project in `folder`. Each call runs the author's code anew.
 *
 * @throws MillraceError project-not-found, project-invalid, project-code-failed, contract-invalid, channel-invalid, with file and line
 */
export async function loadProject(folder: string, options: LoadOptions = {}): Promise<ProjectDefinition> {
  const files = listProjectFiles(folder);
  return assembleProject(files, await loadRawProject(files, options));
}

/** Lets every connector check the channels that use it. @throws MillraceError channel-invalid */
export function checkChannels(project: ProjectDefinition, connectors: readonly Connector[]): void {
  const problems = new ProjectProblems();
  const names = connectors.map(({ name }) => name);
  for (const channel of project.domains.flatMap((domain) => domain.channels)) {
    const connector = connectors.find(({ name }) => name === channel.connector);
    if (connector !== undefined) problems.note(() => connector.validate(channel));
    else
      problems.add(
        channel.location,
        `channel "${channel.name}" uses the connector "${channel.connector}", which is not there${didYouMean(channel.connector, names)}`,
      );
  }
  problems.throwIfAny();
}
