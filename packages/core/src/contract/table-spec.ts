// The shape of a contract's table, as the warehouse is asked for it.
import type { TableSpec } from "../ports/warehouse.ts";
import { keyColumns, type ContractDefinition } from "./contract.ts";

export function tableSpec(domain: string, contract: ContractDefinition): TableSpec {
  const { name, columns, retired = [], dropped = [], rekeyedFrom } = contract;
  const rekeyed = rekeyedFrom === undefined ? {} : { rekeyedFrom };
  return { domain, name, columns, key: keyColumns(contract), retired, dropped, ...rekeyed };
}
