// A bulk fix by a TypeScript function: reads the rejected rows page by page, applies the function, and hands the new records to the instance.
import { createHash } from "node:crypto";
import { parseExact, stringifyExact } from "@millrace/core";
import type { QuarantinedRow, QuarantineOutcome, QuarantineRequest } from "@millrace/runtime";
import type { Admin, Wire } from "../admin/admin.ts";
import type { FixTask } from "./fix-messages.ts";
import type { FixFunction } from "./run-fix.ts";

const ROWS_PER_PAGE = 500;
/** Of one request; the instance takes somewhat more. */
const BYTES_PER_REQUEST = 2 * 1024 * 1024;

type Row = Wire<QuarantinedRow>;

interface FixedRecord {
  readonly batch: bigint;
  readonly row: bigint;
  readonly record: unknown;
}

/** @param request the fix without its change @param source where the function is written, for the record of what was done */
export async function fixRows(
  admin: Admin,
  fix: FixFunction,
  request: QuarantineRequest,
  source: string,
): Promise<Wire<QuarantineOutcome>> {
  const outcomes: Wire<QuarantineOutcome>[] = [];
  // A repaired row that is re-admitted may be held now, and would be met again among those.
  const done = new Set<string>();
  for (const state of ["open", "held"])
    for await (const rows of pages(admin, request, state)) {
      const fresh = rows.filter((row) => !done.has(placeOf(row)));
      const records = await fix.apply(fresh.map(taskOf));
      const fixed = fresh.flatMap((row, at): FixedRecord[] =>
        records[at] === undefined ? [] : [{ batch: BigInt(row.batch), row: BigInt(row.row), record: records[at] }],
      );
      for (const part of bounded(fixed)) {
        const selection = { ...request.selection, table: rows[0]?.table ?? "" };
        const change = { kind: "records", records: part, source } as const;
        outcomes.push(await admin.quarantineAct({ ...request, id: idOf(request.id, part), selection, change }));
        for (const record of part) done.add(placeOf(record));
      }
    }
  return joined(request, outcomes);
}

async function* pages(admin: Admin, { selection }: QuarantineRequest, state: string): AsyncGenerator<readonly Row[]> {
  const { row, where: _where, ...filter } = selection;
  let after: { readonly batch: bigint; readonly row: bigint } | undefined;
  for (;;) {
    const place = after === undefined ? {} : { after };
    const found = await admin.quarantineList({ ...filter, ...place, state, showPii: true, limit: ROWS_PER_PAGE });
    const wanted = found.filter((one) => row === undefined || BigInt(one.row) === row);
    for (const group of Map.groupBy(wanted, (one) => one.table).values()) yield group;
    const last = found.at(-1);
    if (last === undefined || found.length < ROWS_PER_PAGE) return;
    after = { batch: BigInt(last.batch), row: BigInt(last.row) };
  }
}

function taskOf(one: Row): FixTask {
  const { codes, reasons, original } = one;
  const row = { codes, reasons, original, batch: BigInt(one.batch), row: BigInt(one.row) };
  return { record: recordOf(one.repaired ?? original), row };
}

function recordOf(text: string): FixTask["record"] {
  try {
    const value = parseExact(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as FixTask["record"]) : null;
  } catch {
    return null;
  }
}

/** Runs of records that fit into one request. */
function* bounded(records: readonly FixedRecord[]): Generator<readonly FixedRecord[]> {
  let part: FixedRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = Buffer.byteLength(stringifyExact(record));
    if (part.length > 0 && bytes + size > BYTES_PER_REQUEST) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(record);
    bytes += size;
  }
  if (part.length > 0) yield part;
}

function placeOf({ batch, row }: { readonly batch: unknown; readonly row: unknown }): string {
  return `${String(batch)}:${String(row)}`;
}

/** The same rows asked for again are the same request. */
function idOf(id: string, part: readonly FixedRecord[]): string {
  const rows = part.map(placeOf).join();
  return `${id}-${createHash("sha256").update(rows).digest("hex").slice(0, 16)}`;
}

function joined(
  { id, kind, dryRun = false }: QuarantineRequest,
  outcomes: readonly Wire<QuarantineOutcome>[],
): Wire<QuarantineOutcome> {
  const sum = (of: "rows" | "readmitted"): number => outcomes.reduce((all, one) => all + Number(one[of]), 0);
  const failing = new Map<string, number>();
  for (const one of outcomes)
    for (const { code, rows } of one.failing ?? []) failing.set(code, (failing.get(code) ?? 0) + Number(rows));
  const judged = outcomes.some((one) => one.failing !== undefined);
  return {
    id,
    kind,
    dryRun,
    rows: sum("rows"),
    readmitted: sum("readmitted"),
    ...(judged ? { failing: [...failing].map(([code, rows]) => ({ code, rows })) } : {}),
    ...(dryRun ? { samples: outcomes.flatMap((one) => one.samples ?? []).slice(0, 20) } : {}),
  };
}
