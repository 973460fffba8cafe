// The table of an uploads channel: which of its columns say where a file is.
import { MillraceError, type ContractDefinition } from "@millrace/core";
import { blobColumnNames, type BlobField } from "@millrace/connectors";

/** @throws MillraceError channel-invalid when the contract has lost one of them */
export function blobColumnsOf(contract: ContractDefinition): Readonly<Record<BlobField, string>> {
  const columns = blobColumnNames(contract);
  if (typeof columns !== "string") return columns;
  throw new MillraceError("channel-invalid", `Contract "${contract.name}" has no column for "${columns}".`);
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
