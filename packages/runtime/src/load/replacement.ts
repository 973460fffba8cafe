// What leaves with a replaced batch: its own rows and those of its replays (the warehouse takes re-admitted ones along); and what has to come back.
import { type Clock, type Warehouse, type WriteTransaction } from "@millrace/core";
import { livingPaths } from "./file-ledger.ts";
import { readEntries, readEntry, type LedgerEntry, type LedgerObject } from "./ledger.ts";
import { nowText, places, toBigint } from "./sql-values.ts";

type Reader = Pick<Warehouse, "query">;
export interface Replacement {
  /** The batches that were named, and all replays of them: one set of raw records. Their trusted rows leave. */
  readonly family: readonly bigint[];
  /** Files of the named batches that are not replaced; they are loaded again. */
  readonly siblings: readonly { readonly origin: LedgerEntry; readonly objects: readonly LedgerObject[] }[];
}

const REPLAYS_MAX = 100_000;

export interface ReplacedBatches {
  readonly channel: string;
  readonly batches: readonly bigint[];
  /** Paths that come anew; every other file of those batches stays. */
  readonly files: readonly string[];
  /** Replaces all batches of the arrivals that were loaded in parts for lack of memory. */
  readonly wholeArrivals: boolean;
}

export async function planReplacement(reader: Reader, replaced: ReplacedBatches): Promise<Replacement> {
  const named = await findOrigins(reader, replaced.batches);
  const related = await findOrigins(
    reader,
    named.flatMap((origin) => [origin.batch, ...(origin.source.parts ?? []).map(BigInt)]),
  );
  const origins = replaced.wholeArrivals ? related : named;
  const numbers = new Set(origins.map((origin) => String(origin.batch)));
  const replays = await readEntries(reader, { channel: replaced.channel, kind: "replay", limit: REPLAYS_MAX });
  const repeats = replays.filter((entry) => numbers.has(entry.source.origin ?? "")).map((entry) => entry.batch);
  const paths = new Set<string>();
  for (const { batch } of related)
    for (const path of await livingPaths(reader, replaced.channel, batch, replaced.files)) paths.add(path);
  const siblings = origins
    .map((origin) => ({
      origin,
      objects: origin.source.objects.filter(({ path }) => path !== undefined && paths.has(path)),
    }))
    .filter(({ objects }) => objects.length > 0);
  return { family: [...origins.map((origin) => origin.batch), ...repeats], siblings };
}

/** The batches themselves, or what they replay. */
async function findOrigins(reader: Reader, batches: readonly bigint[]): Promise<readonly LedgerEntry[]> {
  const origins = new Map<bigint, LedgerEntry>();
  for (const batch of batches) {
    const entry = await readEntry(reader, batch);
    const origin = entry.source.origin === undefined ? entry : await readEntry(reader, BigInt(entry.source.origin));
    origins.set(origin.batch, origin);
  }
  return [...origins.values()];
}

/** Quarantined rows of records that a newer version of their file replaced: nothing is left to repair. */
export async function discardReplaced(
  tx: WriteTransaction,
  clock: Clock,
  replacement: Replacement,
  by: bigint,
): Promise<void> {
  const kept = replacement.siblings.flatMap((sibling) => sibling.objects.map((object) => object.ref.key));
  const others = kept.length === 0 ? "" : `AND object_key NOT IN (${places(kept.length)})`;
  await tx.run(
    `UPDATE millrace.quarantine SET state = 'discarded', resolved_batch = ?, changed_at = ?
      WHERE state <> 'discarded' AND batch IN (${places(replacement.family.length)}) ${others}`,
    [by, nowText(clock), ...replacement.family, ...kept],
  );
}

/**
 * After the family's records were loaded again as batch `by`: a row of quarantine that passed now is re-admitted; one that failed again keeps its
 * identity and takes the new codes, and what a person discarded stays so. What is left under `by` passed before and fails now. Returns the rows that
 * fail as they came, but have been repaired: their repairs are to be judged in their place.
 */
export async function settleReloaded(
  tx: WriteTransaction,
  clock: Clock,
  settled: { readonly family: readonly bigint[]; readonly by: bigint; readonly keys: readonly string[] },
): Promise<readonly { readonly batch: bigint; readonly row: bigint }[]> {
  const { family, by, keys } = settled;
  const inFamily = `IN (${places(family.length)})`;
  const same = "old.object_key = new.object_key AND old.position = new.position";
  const failsAgain = `EXISTS (SELECT 1 FROM millrace.quarantine AS new WHERE new.batch = ? AND ${same})`;
  const repaired = await tx.query(
    `SELECT old.batch, old.row_no FROM millrace.quarantine AS old WHERE old.batch ${inFamily}
        AND NOT (old.state = 'discarded' AND old.resolved_batch IS NULL) AND old.repaired IS NOT NULL AND ${failsAgain} ORDER BY old.batch, old.row_no`,
    [...family, by],
  );
  await tx.run(
    `UPDATE millrace.quarantine AS old SET state = 'readmitted', resolved_batch = ?, changed_at = ?
      WHERE old.batch ${inFamily} AND old.object_key IN (${places(keys.length)}) AND NOT ${failsAgain}`,
    [by, nowText(clock), ...family, ...keys, by],
  );
  await tx.run(
    `UPDATE millrace.quarantine AS old SET codes = new.codes, reasons = new.reasons, resolved_batch = NULL,
        state = CASE WHEN old.state = 'discarded' AND old.resolved_batch IS NULL THEN 'discarded' ELSE new.state END
      FROM millrace.quarantine AS new WHERE new.batch = ? AND old.batch ${inFamily} AND ${same}`,
    [by, ...family],
  );
  await tx.run(
    `DELETE FROM millrace.quarantine AS new WHERE new.batch = ?
        AND EXISTS (SELECT 1 FROM millrace.quarantine AS old WHERE old.batch ${inFamily} AND ${same})`,
    [by, ...family],
  );
  return repaired.rows.map(([batch, row]) => ({ batch: toBigint(batch), row: toBigint(row) }));
}

/** A swapped table holds its newest batch alone: what older ones left in quarantine has nothing to go back to. */
export async function discardSwapped(
  tx: WriteTransaction,
  clock: Clock,
  swapped: { readonly domain: string; readonly name: string; readonly first: bigint },
): Promise<void> {
  await tx.run(
    `UPDATE millrace.quarantine SET state = 'discarded', resolved_batch = ?, changed_at = ?
      WHERE state IN ('open', 'held') AND domain = ? AND table_name = ? AND batch < ?`,
    [swapped.first, nowText(clock), swapped.domain, swapped.name, swapped.first],
  );
}
