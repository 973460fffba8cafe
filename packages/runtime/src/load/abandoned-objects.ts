// Collects raw objects that no batch ever named: those of arrivals whose batch failed or was cut off. Looks only where nothing new can appear: in the
// day folders of past days, because every put goes into the folder of its own day.
import type { Clock, Logger, ObjectStore, Warehouse } from "@millrace/core";
import { msText, places, toMs, toText } from "./sql-values.ts";

export interface CollectionParts {
  readonly warehouse: Pick<Warehouse, "query">;
  readonly objects: Pick<ObjectStore, "list" | "delete">;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface CollectionBounds {
  /** Days that an object stays in any case; at least 2, so that no batch that runs can name it. */
  readonly graceDays: number;
  /** Days before that which are looked at. */
  readonly lookBackDays: number;
  /** Objects that one call deletes. */
  readonly objectsMax: number;
}

const DAY_MS = 86_400_000;
const KEYS_PER_QUERY = 500;

/** Returns how many objects were deleted. */
export async function collectAbandoned(parts: CollectionParts, bounds: CollectionBounds): Promise<number> {
  const found = await parts.warehouse.query("SELECT DISTINCT channel FROM millrace.channels ORDER BY channel");
  const lastMs = parts.clock.nowMs() - bounds.graceDays * DAY_MS;
  let deleted = 0;
  for (const [name] of found.rows) {
    const channel = toText(name);
    const knownSinceMs = await knownSince(parts.warehouse, channel);
    for (let days = bounds.lookBackDays; days > 0 && deleted < bounds.objectsMax; days -= 1) {
      const dayMs = lastMs - days * DAY_MS;
      if (dayMs < knownSinceMs) continue;
      deleted += await collectDay(parts, { channel, dayMs, lastMs, objectsMax: bounds.objectsMax - deleted });
    }
  }
  if (deleted > 0) parts.log.info("Raw objects of abandoned batches were deleted.", { objects: deleted });
  return deleted;
}

/** Before this the ledger's rows of the channel are folded into sums and name their objects no longer; those stay as the archive of the events. */
async function knownSince(warehouse: CollectionParts["warehouse"], channel: string): Promise<number> {
  const folded = await warehouse.query("SELECT max(day) FROM millrace.ledger_days WHERE channel = ?", [channel]);
  const day = folded.rows[0]?.[0];
  return day === null || day === undefined ? 0 : toMs(`${toText(day).slice(0, 10)}T00:00:00Z`) + 2 * DAY_MS;
}

async function collectDay(
  parts: CollectionParts,
  day: { readonly channel: string; readonly dayMs: number; readonly lastMs: number; readonly objectsMax: number },
): Promise<number> {
  const date = msText(day.dayMs).slice(0, 10);
  const prefix = `raw/${day.channel.replace(".", "/")}/${date.replaceAll("-", "/")}/`;
  let keys: string[] = [];
  let deleted = 0;
  const settle = async (): Promise<void> => {
    const named = await namedKeys(parts.warehouse, keys, { channel: day.channel, since: date });
    for (const key of keys) {
      if (named.has(key) || deleted >= day.objectsMax) continue;
      await parts.objects.delete(key);
      deleted += 1;
    }
    keys = [];
  };
  for await (const object of parts.objects.list(prefix)) {
    if (deleted >= day.objectsMax) break;
    if (object.modifiedMs < day.lastMs) keys.push(object.key);
    if (keys.length >= KEYS_PER_QUERY) await settle();
  }
  if (keys.length > 0) await settle();
  return deleted;
}

/** Those that the ledger or quarantine names. A batch is committed on the day of its objects or later; a day of slack covers a clock that went back. */
async function namedKeys(
  warehouse: CollectionParts["warehouse"],
  keys: readonly string[],
  { channel, since }: { readonly channel: string; readonly since: string },
): Promise<ReadonlySet<string>> {
  const among = `IN (${places(keys.length)})`;
  const found = await warehouse.query(
    `SELECT DISTINCT key FROM (
        SELECT unnest(CAST(json_extract_string(objects, '$.objects[*].ref.key') AS VARCHAR[])) AS key FROM millrace.ledger
          WHERE channel = ? AND committed_at >= CAST(? AS DATE) - INTERVAL 1 DAY
        UNION ALL SELECT object_key FROM millrace.quarantine WHERE channel = ?) AS named WHERE key ${among}`,
    [channel, since, channel, ...keys],
  );
  return new Set(found.rows.map(([key]) => toText(key)));
}
