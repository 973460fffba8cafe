// Questions about quality to the warehouse, for one table or for all at once: each is one bounded statement, however long the history is.
import type { SqlValue, VerdictCode, Warehouse } from "@millrace/core";
import { records, toBigint, toMs, toText } from "../load/sql-values.ts";
import type { QuarantineCounts } from "../quarantine/quarantine.ts";
import type { BatchQuality, FigurePoint, FigureSeries } from "./quality.ts";

/** Bounds of what is shown of one table. */
export const qualityLimits = {
  batchesMax: 30,
  samplesMax: 10,
  pointsMax: 60,
  seriesMax: 20,
  rowsMax: 2_000_000,
  timeoutMs: 60_000,
} as const;

export interface FailedRule {
  readonly code: VerdictCode;
  readonly severity: string;
  readonly failed: number;
  readonly batches: number;
  readonly last: { readonly batch: bigint; readonly atMs: number; readonly found?: string };
}

type Reader = Pick<Warehouse, "query">;
type Rows = readonly Record<string, SqlValue>[];

/** Of one table, or of all. */
export interface QualityScope {
  readonly domain: string;
  readonly name: string;
}

/** The last batches of each table, oldest first, by `domain.table`. */
export async function readTrends(
  reader: Reader,
  scope: QualityScope | undefined,
): Promise<ReadonlyMap<string, readonly BatchQuality[]>> {
  const found = await ask(
    reader,
    scope,
    (
      own,
    ) => `SELECT l.domain, l.table_name, l.batch, kind, channel, received, accepted, quarantined, duplicate, committed_at
    FROM millrace.ledger AS l SEMI JOIN (${lastBatches(own)}) AS n ON n.batch = l.batch ORDER BY l.batch`,
  );
  return grouped(found, (row) => ({
    batch: toBigint(row["batch"]),
    kind: toText(row["kind"]),
    channel: toText(row["channel"]),
    committedMs: toMs(row["committed_at"]),
    received: count(row["received"]),
    accepted: count(row["accepted"]),
    quarantined: count(row["quarantined"]),
    duplicate: count(row["duplicate"]),
  }));
}

/** What failed in the last batches of each table. */
export async function readFailures(
  reader: Reader,
  scope: QualityScope | undefined,
): Promise<ReadonlyMap<string, readonly FailedRule[]>> {
  const found = await ask(
    reader,
    scope,
    (
      own,
    ) => `SELECT domain, table_name, code, arg_max(severity, r.batch) AS severity, sum(failed) AS failed, count(DISTINCT r.batch) AS batches,
      max(r.batch) AS batch, arg_max(found, r.batch) AS found, max(judged_at) AS judged_at
    FROM millrace.rule_results AS r SEMI JOIN (${lastBatches(own)}) AS n ON n.batch = r.batch WHERE ${own} GROUP BY ALL ORDER BY code`,
  );
  return grouped(found, (row) => ({
    code: toText(row["code"]),
    severity: toText(row["severity"]),
    failed: count(row["failed"]),
    batches: count(row["batches"]),
    last: {
      batch: toBigint(row["batch"]),
      atMs: toMs(row["judged_at"]),
      ...(row["found"] === null ? {} : { found: toText(row["found"]) }),
    },
  }));
}

export async function readQuarantineCounts(
  reader: Reader,
  scope: QualityScope | undefined,
): Promise<ReadonlyMap<string, QuarantineCounts>> {
  const found = await ask(
    reader,
    scope,
    (own) => `SELECT domain, table_name, state, count(*) AS n FROM millrace.quarantine WHERE ${own} GROUP BY ALL`,
  );
  const counts = new Map<string, { -readonly [K in keyof QuarantineCounts]: bigint }>();
  for (const row of found) {
    const of = counts.get(tableOf(row)) ?? { ...noQuarantine };
    const state = toText(row["state"]);
    if (state in of) of[state as keyof QuarantineCounts] = toBigint(row["n"]);
    counts.set(tableOf(row), of);
  }
  return counts;
}

export const noQuarantine: QuarantineCounts = { open: 0n, held: 0n, readmitted: 0n, discarded: 0n };

/** The newest rows of each table that wait in quarantine, as batch and row. */
export async function readSampleRows(
  reader: Reader,
  scope: QualityScope | undefined,
): Promise<readonly { readonly batch: bigint; readonly row: bigint }[]> {
  const found = await ask(
    reader,
    scope,
    (own) => `SELECT batch, row_no FROM millrace.quarantine WHERE ${own} AND state IN ('open', 'held')
      QUALIFY row_number() OVER (PARTITION BY domain, table_name ORDER BY batch DESC, row_no) <= ${qualityLimits.samplesMax}`,
  );
  return found.map((row) => ({ batch: toBigint(row["batch"]), row: toBigint(row["row_no"]) }));
}

/** The newest figures of history rules; of rules that count apart by value, the values with the greatest figures. */
export async function readFigures(
  reader: Reader,
  scope: QualityScope | undefined,
): Promise<ReadonlyMap<string, readonly FigureSeries[]>> {
  const series = "domain, table_name, code, dimension";
  const found = await ask(
    reader,
    scope,
    (own) => `WITH newest AS (SELECT * FROM millrace.rule_history WHERE ${own}
      QUALIFY row_number() OVER (PARTITION BY ${series} ORDER BY measured_at DESC) <= ${qualityLimits.pointsMax}),
    shown AS (SELECT ${series} FROM newest GROUP BY ${series}
      QUALIFY row_number() OVER (PARTITION BY domain, table_name, code ORDER BY sum(value) DESC, dimension) <= ${qualityLimits.seriesMax})
    FROM newest SEMI JOIN shown USING (${series}) ORDER BY ${series}, measured_at`,
  );
  const points = grouped(found, (row) => ({
    code: toText(row["code"]),
    dimension: toText(row["dimension"]),
    point: pointOf(row),
  }));
  return new Map([...points].map(([table, list]) => [table, seriesOf(list)]));
}

function seriesOf(
  list: readonly { readonly code: string; readonly dimension: string; readonly point: FigurePoint }[],
): readonly FigureSeries[] {
  const found = Map.groupBy(list, ({ code, dimension }) => JSON.stringify([code, dimension]));
  return [...found.values()].map((members) => ({
    code: members[0]?.code ?? "",
    dimension: members[0]?.dimension ?? "",
    points: members.map(({ point }) => point),
  }));
}

function pointOf(row: Record<string, SqlValue>): FigurePoint {
  const figure = (name: string): number | null => (typeof row[name] === "number" ? row[name] : null);
  return {
    batch: toBigint(row["batch"]),
    atMs: toMs(row["measured_at"]),
    value: figure("value") ?? 0,
    low: figure("low"),
    high: figure("high"),
    state: toText(row["state"]),
  };
}

/** Numbers of the last batches that brought something: rows that come back are parts of earlier ones. */
function lastBatches(own: string): string {
  return `SELECT unnest(newest) AS batch FROM (SELECT max(batch, ${qualityLimits.batchesMax}) AS newest FROM millrace.ledger
    WHERE ${own} AND kind IN ('load', 'replay') GROUP BY domain, table_name)`;
}

async function ask(reader: Reader, scope: QualityScope | undefined, sql: (own: string) => string): Promise<Rows> {
  const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
  const own = scope === undefined ? "true" : `domain = ${text(scope.domain)} AND table_name = ${text(scope.name)}`;
  const { rowsMax, timeoutMs } = qualityLimits;
  return records(await reader.query(sql(own), [], { rowsMax, timeoutMs }));
}

function grouped<T>(rows: Rows, read: (row: Record<string, SqlValue>) => T): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  for (const row of rows) {
    const list = found.get(tableOf(row)) ?? [];
    list.push(read(row));
    found.set(tableOf(row), list);
  }
  return found;
}

function tableOf(row: Record<string, SqlValue>): string {
  return `${toText(row["domain"])}.${toText(row["table_name"])}`;
}

function count(value: SqlValue | undefined): number {
  return Number(toBigint(value));
}
