// What doctor asks the owner of the data folder: do the ledger's sums hold, are the raw objects there, is the clock behind the data?
import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { ledgerFaults } from "@millrace/runtime";
import type { QueryResult } from "@millrace/core";
import { dataFolderPaths } from "@millrace/store-local";
import type { Admin, QueryAnswer } from "../admin/admin.ts";
import { formatByteSize } from "../instance/byte-size.ts";
import type { Finding } from "./check.ts";

/** Rows of one answer; longer lists come in pages. */
const PAGE_ROWS = 50_000;
/** A younger object may belong to a batch that is just being loaded. */
const IN_FLIGHT_MS = 10 * 60_000;
const CLOCK_SLACK_MS = 60_000;
const SHOWN_MAX = 3;

type Ask = (sql: string) => Promise<QueryAnswer>;

export async function storeChecks(admin: Admin, dataFolder: string, nowMs: number): Promise<Finding[]> {
  const ask: Ask = (sql) => admin.query(sql, { rowsMax: PAGE_ROWS, signal: AbortSignal.timeout(600_000) });
  return [
    await checkStores(ask),
    await checkSums(ask),
    await checkObjects(ask, dataFolder, nowMs),
    await checkClock(ask, nowMs),
  ];
}

/** Whoever answers has opened all of them. */
async function checkStores(ask: Ask): Promise<Finding> {
  const { rows } = await ask("SELECT version()");
  return {
    check: "stores",
    state: "ok",
    detail: `warehouse (duckdb ${String(rows[0]?.[0])}), log, control store and objects open`,
  };
}

async function checkSums(ask: Ask): Promise<Finding> {
  const check = "ledger sums";
  const faults = await ledgerFaults({ query: async (sql) => (await ask(sql)) as unknown as QueryResult });
  if (faults.length === 0)
    return { check, state: "ok", detail: "received = accepted + quarantined + duplicate in every batch" };
  const shown = faults.slice(0, SHOWN_MAX).map(({ batch, problem }) => `batch ${batch}: ${problem}`);
  return {
    check,
    state: "fail",
    detail: `${faults.length} batches disagree; ${shown.join("; ")}`,
    hint: "Keep the folder as it is and restore the last good backup into another one.",
  };
}

async function checkObjects(ask: Ask, dataFolder: string, nowMs: number): Promise<Finding> {
  const check = "raw objects";
  const stored = await listObjects(dataFolderPaths(dataFolder).objects);
  const referenced = await referencedKeys(ask);
  const missing = [...referenced].filter((key) => !stored.has(key));
  if (missing.length > 0)
    return {
      check,
      state: "fail",
      detail: `${missing.length} objects of the ledger are missing, e.g. ${missing.slice(0, SHOWN_MAX).join(", ")}`,
      hint: "Tables are not affected, but these batches cannot be replayed. Restore the raw folder from a backup.",
    };
  // Batches of events that were folded into daily sums no longer name their objects.
  const folded = await foldedPrefixes(ask);
  const orphans = [...stored].filter(
    ([key, file]) =>
      !referenced.has(key) &&
      nowMs - file.modifiedMs > IN_FLIGHT_MS &&
      !folded.some((prefix) => key.startsWith(prefix)),
  );
  const detail = `${stored.size} objects, ${referenced.size} in the ledger`;
  if (orphans.length === 0) return { check, state: "ok", detail };
  const bytes = orphans.reduce((sum, [, file]) => sum + file.bytes, 0);
  return {
    check,
    state: "warn",
    detail: `${detail}; ${orphans.length} (${formatByteSize(bytes)}) belong to no batch`,
    hint: "They are left by batches that never committed. They do no harm; the same content is stored once and used again.",
  };
}

interface StoredFile {
  readonly bytes: number;
  readonly modifiedMs: number;
}

async function listObjects(folder: string): Promise<Map<string, StoredFile>> {
  const found = new Map<string, StoredFile>();
  const entries = await readdir(join(folder, "raw"), { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { size, mtimeMs } = await stat(path);
    found.set(relative(folder, path).split(sep).join("/"), { bytes: size, modifiedMs: mtimeMs });
  }
  return found;
}

async function referencedKeys(ask: Ask): Promise<Set<string>> {
  const keys = new Set<string>();
  for (let after = "-1"; ;) {
    const { rows } = await ask(
      `SELECT batch, objects FROM millrace.ledger WHERE batch > ${after} AND objects IS NOT NULL ORDER BY batch LIMIT ${PAGE_ROWS}`,
    );
    for (const [, text] of rows) collectKeys(JSON.parse(String(text)), keys);
    if (rows.length < PAGE_ROWS) return keys;
    after = String(rows.at(-1)?.[0]);
  }
}

/** Every `key` of an object reference, wherever the ledger's JSON holds it. */
function collectKeys(value: unknown, keys: Set<string>): void {
  if (typeof value !== "object" || value === null) return;
  if ("key" in value && "sha256" in value && typeof value.key === "string") keys.add(value.key);
  for (const part of Object.values(value)) collectKeys(part, keys);
}

async function foldedPrefixes(ask: Ask): Promise<string[]> {
  const { rows } = await ask("SELECT DISTINCT channel FROM millrace.ledger_days");
  return rows.map(([channel]) => `raw/${String(channel).replace(".", "/")}/`);
}

async function checkClock(ask: Ask, nowMs: number): Promise<Finding> {
  const check = "clock";
  const { rows } = await ask("SELECT epoch_ms(max(committed_at)) FROM millrace.ledger");
  const lastMs = Number(rows[0]?.[0] ?? 0);
  const now = new Date(nowMs).toISOString();
  if (lastMs <= nowMs + CLOCK_SLACK_MS) return { check, state: "ok", detail: `${now}, not before the last commit` };
  return {
    check,
    state: "warn",
    detail: `${now} is before the last commit, ${new Date(lastMs).toISOString()}`,
    hint: "Set the machine's clock. Order of rows does not depend on it, but schedules and receipt times do.",
  };
}
