// Identities of files that were seen: which version of which path is in which batch. Part of the batch's transaction.
import {
  stringifyExact,
  toMillraceError,
  type Clock,
  type FileIdentity,
  type KnownFile,
  type RefusedFile,
  type SqlValue,
  type Warehouse,
  type WriteTransaction,
} from "@millrace/core";
import { nowText, places, records, toBigint, toText } from "./sql-values.ts";

type Reader = Pick<Warehouse, "query">;
const PATHS_PER_QUERY = 500;
const COLUMNS = "channel, path, size, modified_us, sha256, version, batch, state, error, seen_at";

/** The newest version of each path that the ledger knows; `batch` is that of the newest loaded one. */
export async function knownFiles(
  reader: Reader,
  channel: string,
  paths: readonly string[],
): Promise<Map<string, KnownFile>> {
  const known = new Map<string, KnownFile>();
  for (let at = 0; at < paths.length; at += PATHS_PER_QUERY) {
    const chunk = paths.slice(at, at + PATHS_PER_QUERY);
    const sql = `SELECT path, size, modified_us, sha256, version, batch, state FROM millrace.files
      WHERE channel = ? AND path IN (${places(chunk.length)}) ORDER BY version`;
    for (const row of records(await reader.query(sql, [channel, ...chunk]))) keepNewest(known, row);
  }
  return known;
}

function keepNewest(known: Map<string, KnownFile>, row: Record<string, SqlValue>): void {
  const path = toText(row["path"]);
  const state = toText(row["state"]) as KnownFile["state"];
  known.set(path, {
    path,
    size: Number(row["size"]),
    modifiedMicros: toBigint(row["modified_us"]),
    sha256: toText(row["sha256"]),
    version: Number(row["version"]),
    batch: state === "refused" ? (known.get(path)?.batch ?? 0n) : toBigint(row["batch"]),
    state,
  });
}

/**
 * Records the files of a batch as loaded; versions whose batch is replaced become superseded. Without a batch, only the identity is new (a file that was
 * touched but holds the same content): its rows stay those of the version before.
 */
export async function recordFiles(
  tx: WriteTransaction,
  clock: Clock,
  loaded: {
    readonly channel: string;
    readonly batch: bigint | undefined;
    readonly files: readonly FileIdentity[];
    readonly replaced: readonly bigint[];
  },
): Promise<void> {
  const paths = loaded.files.map((file) => file.path);
  const known = await knownFiles(tx, loaded.channel, paths);
  await supersede(tx, loaded.channel, paths, loaded.replaced);
  for (const file of loaded.files) {
    const version = (known.get(file.path)?.version ?? 0) + 1;
    await insert(tx, clock, {
      channel: loaded.channel,
      file,
      version,
      batch: loaded.batch ?? known.get(file.path)?.batch ?? 0n,
      state: "loaded",
      error: null,
    });
  }
}

async function supersede(
  tx: WriteTransaction,
  channel: string,
  paths: readonly string[],
  replaced: readonly bigint[],
): Promise<void> {
  if (replaced.length === 0) return;
  for (let at = 0; at < paths.length; at += PATHS_PER_QUERY) {
    const chunk = paths.slice(at, at + PATHS_PER_QUERY);
    await tx.run(
      `UPDATE millrace.files SET state = 'superseded' WHERE channel = ? AND state = 'loaded'
        AND batch IN (${places(replaced.length)}) AND path IN (${places(chunk.length)})`,
      [channel, ...replaced, ...chunk],
    );
  }
}

/** Remembers a file that can never load in this state. Returns false when exactly this was recorded before. */
export async function recordRefusal(
  warehouse: Warehouse,
  clock: Clock,
  channel: string,
  refused: RefusedFile,
): Promise<boolean> {
  return warehouse.write(["millrace.files"], (tx) => insertRefusal(tx, clock, channel, refused));
}

/** The same inside a transaction. */
export async function insertRefusal(
  tx: WriteTransaction,
  clock: Clock,
  channel: string,
  { file, error }: RefusedFile,
): Promise<boolean> {
  const known = (await knownFiles(tx, channel, [file.path])).get(file.path);
  const same = known?.state === "refused" && known.sha256 === file.sha256 && known.size === file.size;
  if (same && known.modifiedMicros === file.modifiedMicros) return false;
  const version = (known?.version ?? 0) + 1;
  const told = stringifyExact(toMillraceError(error).toJSON());
  await insert(tx, clock, { channel, file, version, batch: 0n, state: "refused", error: told });
  return true;
}

interface FileRow {
  readonly channel: string;
  readonly file: FileIdentity;
  readonly version: number;
  readonly batch: bigint;
  readonly state: KnownFile["state"];
  readonly error: string | null;
}

async function insert(tx: WriteTransaction, clock: Clock, row: FileRow): Promise<void> {
  const { file } = row;
  const identity = [row.channel, file.path, BigInt(file.size), file.modifiedMicros, file.sha256];
  await tx.run(`INSERT INTO millrace.files (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, [
    ...identity,
    BigInt(row.version),
    row.batch,
    row.state,
    row.error,
    nowText(clock),
  ]);
}

/** Paths of a batch whose rows are still in the table, without the given ones. */
export async function livingPaths(
  reader: Reader,
  channel: string,
  batch: bigint,
  without: readonly string[],
): Promise<readonly string[]> {
  const sql = "SELECT path FROM millrace.files WHERE channel = ? AND batch = ? AND state = 'loaded' ORDER BY path";
  const found = await reader.query(sql, [channel, batch]);
  return found.rows.map((row) => toText(row[0])).filter((path) => !without.includes(path));
}
