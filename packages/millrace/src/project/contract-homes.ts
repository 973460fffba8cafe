// Decides which domain owns each contract: the one whose contracts.ts exports it, else the one whose channel declares it in place.
import type { ChannelDeclaration, ContractDefinition } from "@millrace/core";
import { asWritten } from "./as-written.ts";
import type { ProjectProblems } from "./project-problems.ts";
import type { RawDomain } from "./raw-project.ts";

/** Contracts are told apart by identity: data that crosses from the worker in one message keeps it. */
export class ContractHomes {
  readonly #home = new Map<ContractDefinition, string>();

  constructor(domains: readonly RawDomain[], problems: ProjectProblems) {
    for (const domain of domains) this.#claimExports(domain, problems);
    for (const domain of domains) this.#claimInline(domain);
  }

  domainOf(contract: ContractDefinition): string | undefined {
    return this.#home.get(contract);
  }

  /** In the order in which the author wrote them. */
  contractsOf(domain: string): ContractDefinition[] {
    return [...this.#home].flatMap(([contract, home]) => (home === domain ? [contract] : [])).sort(asWritten);
  }

  #claimExports(domain: RawDomain, problems: ProjectProblems): void {
    for (const { file, name, value } of domain.exports) {
      if (value.kind !== "contract" || !file.endsWith("contracts.ts")) continue;
      const contract = value as ContractDefinition;
      const other = this.#home.get(contract);
      if (other !== undefined && other !== domain.name)
        problems.add(
          { file, line: 1 },
          `export "${name}": contract "${contract.name}" is exported by the domains "${other}" and "${domain.name}"`,
          "Let one domain own it; others import it from there and use it in their channels.",
        );
      else this.#home.set(contract, domain.name);
    }
  }

  /** A contract written in channels.ts belongs to the first domain that exports it or fills it. */
  #claimInline(domain: RawDomain): void {
    for (const { value } of domain.exports) {
      const found =
        value.kind === "contract"
          ? [value as ContractDefinition]
          : value.kind === "channel"
            ? (value as ChannelDeclaration).outputs.map((output) => output.contract)
            : [];
      for (const contract of found) if (!this.#home.has(contract)) this.#home.set(contract, domain.name);
    }
  }
}
