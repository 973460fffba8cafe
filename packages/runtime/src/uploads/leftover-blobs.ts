// Content that has no row: a crash came between storing it and its row. Looked for once after a start, among what is young enough to be of that crash.
import type { Clock, Logger, ObjectStore, Warehouse } from "@millrace/core";
import type { Ingress } from "../ingest/ingest.ts";
import type { AdoptedTables } from "../load/adopted-tables.ts";
import { places, toText } from "../load/sql-values.ts";
import { blobColumnsOf, quoted } from "./blob-table.ts";
import type { UploadChannel } from "./upload-parts.ts";

export interface LeftoverParts {
  readonly warehouse: Warehouse;
  readonly objects: ObjectStore;
  readonly tables: AdoptedTables;
  readonly ingress: Ingress;
  readonly clock: Clock;
  readonly log: Logger;
}

const DAY_MS = 86_400_000;
const lookBackDays = 3;
const keysPerQuery = 200;
/** Objects that one start looks at. */
const objectsMax = 100_000;

/** Deletes nothing unless every row that was acknowledged is loaded. */
export async function collectLeftovers(
  parts: LeftoverParts,
  channel: UploadChannel,
  { startedMs, signal }: { readonly startedMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const keys = await youngKeys(parts, channel, startedMs);
  if (keys.length === 0 || !(await parts.ingress.drained(channel.name, signal))) return;
  let deleted = 0;
  for (let at = 0; at < keys.length && !signal.aborted; at += keysPerQuery) {
    const few = keys.slice(at, at + keysPerQuery);
    const named = await namedKeys(parts, channel, few);
    for (const key of few.filter((one) => !named.has(one))) {
      await parts.objects.delete(key);
      deleted += 1;
    }
  }
  if (deleted > 0)
    parts.log.info("Content of interrupted uploads was deleted.", { channel: channel.name, objects: deleted });
}

async function youngKeys(parts: LeftoverParts, { definition }: UploadChannel, startedMs: number): Promise<string[]> {
  const keys: string[] = [];
  for (let days = lookBackDays; days >= 0; days -= 1) {
    const day = new Date(startedMs - days * DAY_MS).toISOString().slice(0, 10).replaceAll("-", "/");
    for await (const object of parts.objects.list(`blobs/${definition.domain}/${definition.name}/${day}/`)) {
      if (object.modifiedMs < startedMs) keys.push(object.key);
      if (keys.length >= objectsMax) return keys;
    }
  }
  return keys;
}

/** Named by a row of the table, or by one that is or was in quarantine. */
async function namedKeys(
  { warehouse, tables }: LeftoverParts,
  channel: UploadChannel,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  const { contract, domain } = tables.get(channel.table);
  const object = quoted(blobColumnsOf(contract).object);
  const among = places(keys.length);
  const found = await warehouse.query(
    `SELECT ${object} FROM ${quoted(domain)}.${quoted(contract.name)} WHERE ${object} IN (${among})
      UNION ALL SELECT keys.key FROM (SELECT unnest([${among}]) AS key) AS keys
        WHERE EXISTS (SELECT 1 FROM millrace.quarantine WHERE channel = ?
          AND (contains(original, keys.key) OR contains(coalesce(repaired, ''), keys.key)))`,
    [...keys, ...keys, channel.name],
  );
  return new Set(found.rows.map(([key]) => toText(key)));
}
