// Names are unique without regard to case, because engines and file systems disagree about it.
import { atLocation, didYouMean, type DomainDefinition, type SourceLocation } from "@millrace/core";
import type { ProjectFiles } from "./project-files.ts";
import type { ProjectProblems } from "./project-problems.ts";

const identifier = /^[a-z_][a-z0-9_]{0,62}$/i;
/** Schemas that the warehouse keeps for itself, by the engines' habit and ours. */
const reserved = new Set(["main", "temp", "system", "millrace", "store", "information_schema", "pg_catalog", "public"]);

interface Named {
  readonly name: string;
  readonly what: string;
  readonly location?: SourceLocation;
}

/** Whoever is named as an owner owns a domain that is there. */
export function checkOwners(
  files: ProjectFiles,
  owners: Readonly<Record<string, string>> | undefined,
  problems: ProjectProblems,
): void {
  const names = files.domains.map(({ name }) => name);
  for (const name of Object.keys(owners ?? {}))
    if (!names.includes(name))
      problems.add(
        { file: files.config, line: 1 },
        `setting "owners" names the domain "${name}", which does not exist${didYouMean(name, names)}`,
      );
}

/** Domains in the project; tables and models, channels, and deliveries in a domain. */
export function checkNames(files: ProjectFiles, domains: readonly DomainDefinition[], problems: ProjectProblems): void {
  const folders = domains.map(({ name, folder }): Named => ({
    name,
    what: "domain",
    location: { file: folder, line: 1 },
  }));
  for (const { name } of folders) {
    if (!identifier.test(name))
      problems.add(undefined, `${files.folder}/domains/${name}: a domain's name has letters, digits and _, at most 63`);
    if (reserved.has(name.toLowerCase()))
      problems.add(undefined, `${files.folder}/domains/${name}: the name "${name}" is reserved; choose another`);
  }
  checkUnique(folders, problems);
  for (const domain of domains) {
    checkUnique(tablesOf(domain), problems);
    checkUnique(channelsOf(domain), problems);
    checkUnique(deliveriesOf(domain), problems);
    for (const { name, location, what } of [...channelsOf(domain), ...deliveriesOf(domain)])
      if (name === "default" || !identifier.test(name))
        problems.add(
          location,
          `${what} "${name}" needs an export name of letters, digits and _: export const weekly = ...`,
        );
    for (const model of domain.models)
      if (!identifier.test(model.name))
        problems.add(
          { file: model.file, line: 1 },
          `a model's file name has letters, digits and _; received "${model.name}"`,
        );
  }
}

function tablesOf(domain: DomainDefinition): Named[] {
  return [
    ...domain.contracts.map((contract) => named(contract.name, "contract", contract.location)),
    ...domain.models.map((model) => named(model.name, "model", { file: model.file, line: 1 })),
  ];
}

function channelsOf(domain: DomainDefinition): Named[] {
  return domain.channels.map((channel) => named(channel.name, "channel", channel.location));
}

function deliveriesOf({ deliveries = [] }: DomainDefinition): Named[] {
  return deliveries.map((delivery) => named(delivery.name, "delivery", delivery.location));
}

function named(name: string, what: string, location: SourceLocation | undefined): Named {
  return { name, what, ...(location === undefined ? {} : { location }) };
}

function checkUnique(all: readonly Named[], problems: ProjectProblems): void {
  const seen = new Map<string, Named>();
  for (const one of all) {
    const twin = seen.get(one.name.toLowerCase());
    if (twin === undefined) seen.set(one.name.toLowerCase(), one);
    else
      problems.add(
        one.location,
        `${one.what} "${one.name}" has the name of ${twin.what} "${twin.name}" (${atLocation(twin.location).slice(0, -2)}); names are unique without regard to case`,
      );
  }
}
