// Public surface of @millrace/contracts: contracts in the languages of other systems, in and out.
export { exportContract, exportFormats, type ExportedContract, type ExportFormat } from "./export-contract.ts";
export { importContracts, importFormats, type ImportedContracts, type ImportFormat } from "./import-contracts.ts";
export { writeContracts } from "./authoring/write-contract.ts";
export type { Loss } from "./document/loss.ts";
