// Stored files on their way out: the row says which object, the object store gives the bytes.
import { createReadStream } from "node:fs";
import { MillraceError, type ObjectRef, type ObjectStore, type Warehouse } from "@millrace/core";
import type { AdoptedTables } from "../load/adopted-tables.ts";
import { toText } from "../load/sql-values.ts";
import type { StoredBlob } from "../platform.ts";
import { blobColumnsOf, quoted } from "./blob-table.ts";

export interface BlobReaderParts {
  readonly warehouse: Warehouse;
  readonly objects: ObjectStore;
  readonly tables: AdoptedTables;
}

/** @param tables `domain.table` of the tables that hold files. @throws MillraceError not-found, object-missing */
export async function openBlob(
  parts: BlobReaderParts,
  tables: readonly string[],
  { domain, table, id }: { readonly domain: string; readonly table: string; readonly id: string },
): Promise<StoredBlob> {
  const name = tables.find((one) => one.toLowerCase() === `${domain}.${table}`.toLowerCase());
  if (name === undefined) throw new MillraceError("not-found", `Table ${domain}.${table} holds no files.`);
  const row = await findRow(parts, name, id);
  if (row === undefined) throw new MillraceError("not-found", `Table ${name} has no file "${id.slice(0, 100)}".`);
  const { ref, ...facts } = row;
  if (!(await parts.objects.exists(ref)))
    throw new MillraceError("object-missing", `The content of file "${id}" of ${name} is not in the object store.`);
  return {
    ...facts,
    async open(range) {
      return range === undefined ? parts.objects.get(ref) : rangeOf(parts.objects, ref, range);
    },
  };
}

async function findRow(
  { warehouse, tables }: BlobReaderParts,
  table: string,
  id: string,
): Promise<(Omit<StoredBlob, "open"> & { readonly ref: ObjectRef }) | undefined> {
  const { contract, domain } = tables.get(table);
  const columns = blobColumnsOf(contract);
  const names = [columns.name, columns.type, columns.size, columns.sha256, columns.object];
  const sql = `SELECT ${names.map(quoted).join(", ")} FROM ${quoted(domain)}.${quoted(contract.name)} WHERE ${quoted(columns.id)} = ?`;
  const [row] = (await warehouse.query(sql, [id])).rows;
  if (row === undefined) return undefined;
  const [name = "", type = "", size = "", sha256 = "", key = ""] = row.map((value) => toText(value));
  const bytes = Number(size);
  return {
    name,
    type,
    bytes,
    sha256,
    ref: { key, codec: "none", sha256, bytes, storedBytes: bytes, formatVersion: 1 },
  };
}

/** The stored bytes are the original ones, so a part of the object is a part of the file. */
async function* rangeOf(
  objects: ObjectStore,
  ref: ObjectRef,
  { first, last }: { readonly first: number; readonly last: number },
): AsyncGenerator<Uint8Array> {
  await using local = await objects.local(ref);
  yield* createReadStream(local.path, { start: first, end: last }) as AsyncIterable<Uint8Array>;
}
