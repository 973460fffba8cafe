// The columns that a table of uploaded files has, beside what its author adds.
import { t, type ColumnBuilder, type ContractDefinition } from "@millrace/core";
import { sourceName } from "../files/csv-columns.ts";

/** Fields of the record of an upload that a table of uploads cannot do without. */
export const blobFields = ["id", "name", "type", "size", "sha256", "object"] as const;

export type BlobField = (typeof blobFields)[number];

/** Fields that senders may not give: Millrace writes them. */
export const reservedFields: ReadonlySet<string> = new Set([...blobFields, "received_at"]);

/** Columns of `blobColumns()`. */
export interface BlobColumns {
  readonly id: ColumnBuilder<string>;
  readonly name: ColumnBuilder<string>;
  readonly type: ColumnBuilder<string>;
  readonly size: ColumnBuilder<bigint>;
  readonly sha256: ColumnBuilder<string>;
  readonly object: ColumnBuilder<string>;
  readonly received_at: ColumnBuilder<string>;
}

/**
 * The columns of every table that `uploads()` fills with files; fields of the form go into columns that you add.
 *
 * @example export const Receipt = contract("receipts", { ...blobColumns(), order_id: t.string(), purge_at: t.date().optional() });
 */
export function blobColumns(): BlobColumns {
  return {
    id: t.string().key().describe("of name, content and fields: the same upload has the same id"),
    name: t.string().describe("as the sender gave it"),
    type: t.string().describe("media type, by its content"),
    size: t.int64().min(1).describe("bytes"),
    sha256: t.string().describe("of the content, hex"),
    object: t.string().describe("key in the object store"),
    received_at: t.timestamp(),
  };
}

/** Column of each field; names the first field that the contract lacks. */
export function blobColumnNames(contract: ContractDefinition): Readonly<Record<BlobField, string>> | BlobField {
  const columns = new Map(contract.columns.map((column) => [sourceName(column), column.name]));
  const missing = blobFields.find((field) => !columns.has(field));
  if (missing !== undefined) return missing;
  return Object.fromEntries(blobFields.map((field) => [field, columns.get(field)])) as Record<BlobField, string>;
}
