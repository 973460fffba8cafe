// Finds a project's folder and lists the files that define it. Reads folders only; project-worker.ts runs the code, load-project.ts joins both.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { MillraceError, type ModelSource } from "@millrace/core";

const CONFIG_FILE = "millrace.config.ts";

/** The TypeScript files of one domain; absent ones are not there. */
export interface DomainFiles {
  readonly name: string;
  readonly folder: string;
  readonly contracts?: string;
  readonly channels?: string;
  readonly deliveries?: string;
  readonly models: readonly ModelSource[];
}

export interface ProjectFiles {
  readonly folder: string;
  readonly config: string;
  readonly domains: readonly DomainFiles[];
}

/**
 * The folder of the project that `start` lies in: the nearest one upwards with millrace.config.ts.
 *
 * @throws MillraceError project-not-found
 */
export function findProjectFolder(start: string): string {
  const from = resolve(start);
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, CONFIG_FILE))) return folder;
    if (dirname(folder) === folder) break;
  }
  throw new MillraceError("project-not-found", `${from} and the folders above it hold no ${CONFIG_FILE}.`);
}

/**
 * Lists the files of a project, domains and models in name order.
 *
 * @throws MillraceError project-not-found, project-invalid
 */
export function listProjectFiles(folder: string): ProjectFiles {
  const config = join(folder, CONFIG_FILE);
  if (!existsSync(config)) throw new MillraceError("project-not-found", `${folder} holds no ${CONFIG_FILE}.`);
  const domains = foldersIn(join(folder, "domains")).map((name) => listDomain(join(folder, "domains", name), name));
  return { folder, config, domains };
}

function listDomain(folder: string, name: string): DomainFiles {
  const policies = join(folder, "policies.ts");
  if (existsSync(policies))
    throw new MillraceError(
      "project-invalid",
      `${policies}:1: policies are not enforced by this version of Millrace.`,
      {
        hint: "Remove the file; a policy that nothing enforces would promise a protection that is not there.",
      },
    );
  const contracts = join(folder, "contracts.ts");
  const channels = join(folder, "channels.ts");
  const deliveries = join(folder, "deliveries.ts");
  return {
    name,
    folder,
    ...(existsSync(contracts) ? { contracts } : {}),
    ...(existsSync(channels) ? { channels } : {}),
    ...(existsSync(deliveries) ? { deliveries } : {}),
    models: listModels(join(folder, "models"), name),
  };
}

function listModels(folder: string, domain: string): ModelSource[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => ({
      domain,
      name: file.slice(0, -".sql".length),
      file: join(folder, file),
      text: readFileSync(join(folder, file), "utf8"),
    }));
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => !name.startsWith(".") && !name.startsWith("_") && statSync(join(folder, name)).isDirectory())
    .sort();
}
