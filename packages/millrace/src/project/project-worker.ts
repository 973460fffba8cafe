// Runs inside a worker thread: imports the author's files and posts the definitions that they export, as data. Started by load-project.ts.
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";
import "./resolve-millrace.ts";
import { describeFailure } from "./code-failure.ts";
import type { DomainFiles, ProjectFiles } from "./project-files.ts";
import type { RawDomain, RawExport, WorkerMessage } from "./raw-project.ts";

const kinds: ReadonlySet<unknown> = new Set(["contract", "channel", "delivery", "project"]);

function post(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

let importing = "";

async function exportsOf(file: string): Promise<RawExport[]> {
  importing = file;
  post({ kind: "importing", file });
  const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  return Object.entries(module).flatMap(([name, value]) => collect(file, name, value));
}

function collect(file: string, name: string, value: unknown): RawExport[] {
  if (Array.isArray(value) && value.some(isDefinition))
    throw new Error(`export "${name}" is a list of definitions; export each under its own name, so that it has one`);
  return isDefinition(value) ? [{ file, name, value }] : [];
}

function isDefinition(value: unknown): value is RawExport["value"] {
  return typeof value === "object" && value !== null && "kind" in value && kinds.has(value.kind);
}

async function loadDomain(domain: DomainFiles): Promise<RawDomain> {
  const found: RawExport[] = [];
  for (const file of [domain.contracts, domain.channels, domain.deliveries])
    if (file !== undefined) found.push(...(await exportsOf(file)));
  return { name: domain.name, exports: found };
}

async function load(files: ProjectFiles): Promise<void> {
  try {
    const config = await exportsOf(files.config);
    const domains: RawDomain[] = [];
    for (const domain of files.domains) domains.push(await loadDomain(domain));
    post({ kind: "loaded", project: { config, domains } });
  } catch (thrown) {
    post({ kind: "failed", failure: describeFailure(thrown, importing) });
  }
}

await load(workerData as ProjectFiles);
