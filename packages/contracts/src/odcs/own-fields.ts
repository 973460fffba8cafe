// Names under which a document carries what the standard has no field for. Written by export-*.ts, read by import-*.ts.

/** `engine` of custom quality checks whose implementation is a check or rule of Millrace as data. */
export const engine = "millrace";

/** Custom properties of a property. */
export const ownProperty = { cleansing: "millraceCleansing", version: "millraceVersion" } as const;

/** Tag of a property with personal data. */
export const piiTag = "pii";

export const apiVersion = "v3.1.0";

/** What a document says of a contract that came without a document. */
export function ownIdentity(contract: string, domain: string) {
  return {
    id: `urn:millrace:${domain}.${contract}`,
    name: contract,
    version: "1.0.0",
    status: "active",
    domain,
  } as const;
}

export const ownTable = { logicalType: "object", physicalType: "table" } as const;

/** The rule that `unique: true` of a property stands for. */
export function plainUniqueName(column: string): string {
  return `${column}_unique`;
}
