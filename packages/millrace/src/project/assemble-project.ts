// Makes one project of what the author's files exported: every contract gets its domain, every channel its name, every reference its table.
import type { ChannelDeclaration, ChannelDefinition, DomainDefinition, ProjectDefinition } from "@millrace/core";
import { asWritten } from "./as-written.ts";
import { ContractHomes } from "./contract-homes.ts";
import { checkConfig } from "./check-config.ts";
import { checkNames, checkOwners } from "./check-names.ts";
import { checkReferences } from "./check-references.ts";
import { checkDeliverySources, deliveriesOf } from "./delivery-sources.ts";
import type { ProjectFiles } from "./project-files.ts";
import { ProjectProblems } from "./project-problems.ts";
import type { RawExport, RawProject } from "./raw-project.ts";

/**
 * Resolves and checks everything that can be known without a database.
 *
 * @throws MillraceError project-invalid, channel-invalid, delivery-invalid or contract-invalid with file and line
 */
export function assembleProject(files: ProjectFiles, raw: RawProject): ProjectDefinition {
  const problems = new ProjectProblems();
  const config = checkConfig(files, raw.config, problems);
  const homes = new ContractHomes(raw.domains, problems);
  const domains = files.domains.map(({ name, folder, models }): DomainDefinition => {
    const exports = raw.domains.find((domain) => domain.name === name)?.exports ?? [];
    const channels = exports
      .filter(isChannel)
      .map((found) => channelOf(name, found, homes))
      .sort(asWritten);
    const deliveries = deliveriesOf(name, exports, homes);
    return { name, folder, contracts: homes.contractsOf(name), channels, models, deliveries };
  });
  checkNames(files, domains, problems);
  checkOwners(files, config.owners, problems);
  checkReferences(domains, problems);
  checkDeliverySources(domains, problems);
  problems.throwIfAny();
  return { config, folder: files.folder, domains };
}

function isChannel(found: RawExport): boolean {
  return found.value.kind === "channel";
}

function channelOf(domain: string, found: RawExport, homes: ContractHomes): ChannelDefinition {
  const declaration = found.value as ChannelDeclaration;
  const outputs = declaration.outputs.map((output) => ({
    ...output,
    domain: homes.domainOf(output.contract) ?? domain,
  }));
  return { ...declaration, domain, name: found.name, outputs };
}
