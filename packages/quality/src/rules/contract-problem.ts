// The error of a contract that cannot be compiled, with the place where it was written.
import { atLocation, MillraceError, type ContractDefinition } from "@millrace/core";

export function contractProblem(contract: ContractDefinition, problem: string): MillraceError {
  const place = contract.location;
  return new MillraceError("contract-invalid", `${atLocation(place)}contract "${contract.name}": ${problem}`, {
    details: { contract: contract.name, ...place },
  });
}
