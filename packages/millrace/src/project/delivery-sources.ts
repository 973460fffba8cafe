// Which table or model each delivery sends: the one that it names, or that of the contract that it holds.
import { didYouMean, type DeliveryDeclaration, type DeliveryDefinition, type DomainDefinition } from "@millrace/core";
import { asWritten } from "./as-written.ts";
import type { ContractHomes } from "./contract-homes.ts";
import type { ProjectProblems } from "./project-problems.ts";
import type { RawExport } from "./raw-project.ts";

/** The deliveries that a domain exports, in the order in which they were written. */
export function deliveriesOf(
  domain: string,
  exports: readonly RawExport[],
  homes: ContractHomes,
): readonly DeliveryDefinition[] {
  return exports
    .filter(({ value }) => value.kind === "delivery")
    .map((found) => deliveryOf(domain, found, homes))
    .sort(asWritten);
}

function deliveryOf(domain: string, found: RawExport, homes: ContractHomes): DeliveryDefinition {
  const declaration = found.value as DeliveryDeclaration;
  const { from } = declaration;
  if (typeof from !== "string")
    return {
      ...declaration,
      domain,
      name: found.name,
      from: { domain: homes.domainOf(from) ?? domain, name: from.name },
    };
  const [first = "", second] = from.split(".");
  const source = second === undefined ? { domain, name: first } : { domain: first, name: second };
  return { ...declaration, domain, name: found.name, from: source };
}

/** Every delivery names a table or model of the project. */
export function checkDeliverySources(domains: readonly DomainDefinition[], problems: ProjectProblems): void {
  const tables = domains.flatMap(({ name, contracts, models }) =>
    [...contracts, ...models].map((one) => `${name}.${one.name}`),
  );
  for (const { deliveries = [] } of domains)
    for (const delivery of deliveries) {
      const from = `${delivery.from.domain}.${delivery.from.name}`;
      if (!tables.includes(from))
        problems.add(
          delivery.location,
          `delivery "${delivery.name}" sends "${from}", which is no table or model${didYouMean(from, tables)}`,
        );
    }
}
