// Looks at deliveries: counts that add up, and what stands in their outbox.
import { parseExact, type SqlValue, type Warehouse } from "@millrace/core";
import { places, records, toBigint, toMs, toText } from "../load/sql-values.ts";
import type { DeliveryCounts, DeliveryFilter, OutboxEntry } from "./delivery-types.ts";

type Reader = Pick<Warehouse, "query">;

/** Of every delivery that ever was, by name; in one statement, so that they belong together. */
export async function readCounts(reader: Reader): Promise<ReadonlyMap<string, DeliveryCounts>> {
  const found = await reader.query(
    `SELECT d.delivery, d.due, d.acknowledged, d.discarded, d.superseded, coalesce(o.pending, 0) AS pending, coalesce(o.dead, 0) AS dead
      FROM millrace.deliveries AS d LEFT JOIN (SELECT delivery, count(*) FILTER (state = 'pending') AS pending, count(*) FILTER (state = 'dead') AS dead
        FROM millrace.outbox GROUP BY delivery) AS o ON o.delivery = d.delivery ORDER BY d.delivery`,
  );
  return new Map(
    records(found).map((row) => [
      toText(row["delivery"]),
      {
        due: toBigint(row["due"]),
        acknowledged: toBigint(row["acknowledged"]),
        pending: toBigint(row["pending"]),
        dead: toBigint(row["dead"]),
        discarded: toBigint(row["discarded"]),
        superseded: toBigint(row["superseded"]),
      },
    ]),
  );
}

export function addsUp({ due, acknowledged, pending, dead, discarded, superseded }: DeliveryCounts): boolean {
  return due === acknowledged + pending + dead + discarded + superseded;
}

/** Dead letters first, then what is pending, in the order in which it is sent. @param showValues keys and payloads as well */
export async function readOutbox(
  reader: Reader,
  delivery: string,
  { state, limit, showValues }: Pick<DeliveryFilter, "state" | "limit"> & { readonly showValues: boolean },
): Promise<readonly OutboxEntry[]> {
  const states = state === undefined ? ["dead", "pending"] : [state];
  const found = await reader.query(
    `SELECT * FROM millrace.outbox WHERE delivery = ? AND state IN (${places(states.length)}) ORDER BY state, seq LIMIT ${limit}`,
    [delivery, ...states],
  );
  return records(found).map((row) => entryOf(row, showValues));
}

function entryOf(row: Readonly<Record<string, SqlValue>>, showValues: boolean): OutboxEntry {
  const text = (name: "code" | "reason" | "answer"): { readonly [N in typeof name]?: string } =>
    row[name] === null || row[name] === undefined ? {} : { [name]: toText(row[name]) };
  const payload = row["payload"];
  return {
    seq: toBigint(row["seq"]),
    version: toBigint(row["version"]),
    operation: toText(row["operation"]) as OutboxEntry["operation"],
    state: toText(row["state"]) as OutboxEntry["state"],
    attempts: toBigint(row["attempts"]),
    dueMs: toMs(row["due_at"]),
    ...text("code"),
    ...text("reason"),
    ...text("answer"),
    ...(showValues ? { key: parseExact(toText(row["key"])) as Record<string, unknown> } : {}),
    ...(showValues && payload !== null ? { payload: parseExact(toText(payload)) } : {}),
  };
}
