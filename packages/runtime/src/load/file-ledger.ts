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
/** Rows that one statement inserts; paths that one question names. */
const PER_STATEMENT = 1000;
const COLUMNS = "channel, path, size, modified_us, sha256, version, batch, state, error, seen_at, tag, loaded_as";
const KNOWN = "path, size, modified_us, sha256, version, batch, state, tag";

/** The newest version of each path that the ledger knows; `batch` is that of the newest loaded one. */
export async function knownFiles(
  reader: Reader,
  channel: string,
  paths: readonly string[],
): Promise<Map<string, KnownFile>> {
  const known = new Map<string, KnownFile>();
  for (let at = 0; at < paths.length; at += PER_STATEMENT) {
    const chunk = paths.slice(at, at + PER_STATEMENT);
    const sql = `SELECT ${KNOWN} FROM millrace.files
      WHERE channel = ? AND path IN (SELECT unnest(CAST(? AS VARCHAR[]))) ORDER BY version`;
    for (const row of records(await reader.query(sql, [channel, chunk]))) keepNewest(known, row);
  }
  return known;
}

/** The newest version of every file of the channel whose rows are in the table. */
export async function* livingFiles(reader: Pick<Warehouse, "stream">, channel: string): AsyncGenerator<KnownFile> {
  const sql = `SELECT ${KNOWN} FROM (
      SELECT *, row_number() OVER (PARTITION BY path ORDER BY version DESC) AS age FROM millrace.files WHERE channel = ?
    ) AS versions WHERE age = 1 AND state IN ('loaded', 'gone')`;
  const found = await reader.stream(sql, [channel]);
  for await (const rows of found)
    for (const row of rows) {
      const [path, size, modified, sha256, version, batch, state, tag] = row;
      yield {
        path: toText(path),
        size: Number(size),
        modifiedMicros: toBigint(modified),
        sha256: toText(sha256),
        version: Number(version),
        batch: toBigint(batch),
        state: toText(state) as KnownFile["state"],
        ...(tag === null || tag === undefined ? {} : { tag: toText(tag) }),
      };
    }
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
    batch: livingBatch(state, known.get(path), row),
    state,
    ...(row["tag"] === null || row["tag"] === undefined ? {} : { tag: toText(row["tag"]) }),
  });
}

function livingBatch(state: KnownFile["state"], before: KnownFile | undefined, row: Record<string, SqlValue>): bigint {
  if (state === "removed" || state === "renamed") return 0n;
  return state === "refused" ? (before?.batch ?? 0n) : toBigint(row["batch"]);
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
  const rows = loaded.files.map((file): FileRow => {
    const before = known.get(file.path);
    const batch = loaded.batch ?? before?.batch ?? 0n;
    return { channel: loaded.channel, file, version: (before?.version ?? 0) + 1, batch, state: "loaded" };
  });
  await insert(tx, clock, rows);
}

/** Records files as deleted whose rows leave with this batch. */
export async function recordRemovals(
  tx: WriteTransaction,
  clock: Clock,
  removed: {
    readonly channel: string;
    readonly batch: bigint;
    readonly paths: readonly string[];
    readonly replaced: readonly bigint[];
  },
): Promise<void> {
  const { channel, batch, paths } = removed;
  const known = await knownFiles(tx, channel, paths);
  await supersede(tx, channel, paths, removed.replaced);
  const rows = [...known.values()].map((file): FileRow => {
    return { channel, file, version: file.version + 1, batch, state: "removed" };
  });
  await insert(tx, clock, rows);
}

/** Notes that files were deleted whose rows stay. */
export async function recordGone(
  warehouse: Warehouse,
  clock: Clock,
  channel: string,
  paths: readonly string[],
): Promise<void> {
  await warehouse.write(["millrace.files"], async (tx) => {
    const known = await knownFiles(tx, channel, paths);
    const rows = [...known.values()].map((file): FileRow => {
      return { channel, file, version: file.version + 1, batch: file.batch, state: "gone" };
    });
    await insert(tx, clock, rows);
  });
}

/** Gives the rows of one path to another; their batch goes on naming the first one. */
export async function recordRename(
  warehouse: Warehouse,
  clock: Clock,
  channel: string,
  { from, file }: { readonly from: string; readonly file: FileIdentity },
): Promise<void> {
  await warehouse.write(["millrace.files"], async (tx) => {
    const known = await knownFiles(tx, channel, [from, file.path]);
    const batch = known.get(from)?.batch ?? 0n;
    const version = (known.get(file.path)?.version ?? 0) + 1;
    const living = "channel = ? AND path = ? AND batch = ? AND state = 'loaded'";
    const found = await tx.query(`SELECT loaded_as FROM millrace.files WHERE ${living}`, [channel, from, batch]);
    const loadedAs = toText(found.rows[0]?.[0]) || from;
    await tx.run(`UPDATE millrace.files SET state = 'renamed' WHERE ${living}`, [channel, from, batch]);
    const renamed: FileRow = {
      channel,
      file: { ...file, path: from },
      version: (known.get(from)?.version ?? 0) + 1,
      batch,
      state: "renamed",
    };
    const named: FileRow = { channel, file, version, batch, state: "loaded", loadedAs };
    await insert(tx, clock, from === file.path ? [named] : [renamed, named]);
  });
}

async function supersede(
  tx: WriteTransaction,
  channel: string,
  paths: readonly string[],
  replaced: readonly bigint[],
): Promise<void> {
  if (replaced.length === 0) return;
  for (let at = 0; at < paths.length; at += PER_STATEMENT)
    await tx.run(
      `UPDATE millrace.files SET state = 'superseded' WHERE channel = ? AND state = 'loaded'
        AND batch IN (${places(replaced.length)}) AND path IN (SELECT unnest(CAST(? AS VARCHAR[])))`,
      [channel, ...replaced, paths.slice(at, at + PER_STATEMENT)],
    );
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
  await insert(tx, clock, [{ channel, file, version, batch: 0n, state: "refused", error: told }]);
  return true;
}

interface FileRow {
  readonly channel: string;
  readonly file: FileIdentity;
  readonly version: number;
  readonly batch: bigint;
  readonly state: KnownFile["state"];
  readonly error?: string;
  readonly loadedAs?: string;
}

/** Many rows with one statement, column by column: a folder may bring thousands of files at once. */
async function insert(tx: WriteTransaction, clock: Clock, rows: readonly FileRow[]): Promise<void> {
  const texts = "unnest(CAST(? AS VARCHAR[]))";
  const numbers = `CAST(${texts} AS BIGINT)`;
  const optional = `nullif(${texts}, '')`;
  const shape = [texts, texts, numbers, numbers, texts, numbers, numbers, texts, optional];
  const sql = `INSERT INTO millrace.files (${COLUMNS}) SELECT ${shape.join(", ")}, CAST(? AS TIMESTAMPTZ), ${optional}, ${optional}`;
  for (let at = 0; at < rows.length; at += PER_STATEMENT) {
    const some = rows.slice(at, at + PER_STATEMENT);
    const column = (value: (row: FileRow) => string | number | bigint | undefined): string[] =>
      some.map((row) => String(value(row) ?? ""));
    await tx.run(sql, [
      column((row) => row.channel),
      column((row) => row.file.path),
      column((row) => row.file.size),
      column((row) => row.file.modifiedMicros),
      column((row) => row.file.sha256),
      column((row) => row.version),
      column((row) => row.batch),
      column((row) => row.state),
      column((row) => row.error),
      nowText(clock),
      column((row) => row.file.tag),
      column((row) => row.loadedAs),
    ]);
  }
}

/** Paths under which a batch names the files whose rows are still in the table, without the given ones. */
export async function livingPaths(
  reader: Reader,
  channel: string,
  batch: bigint,
  without: readonly string[],
): Promise<readonly string[]> {
  const sql =
    "SELECT path, loaded_as FROM millrace.files WHERE channel = ? AND batch = ? AND state = 'loaded' ORDER BY path";
  const found = await reader.query(sql, [channel, batch]);
  const left = new Set(without);
  return found.rows
    .filter(([path]) => !left.has(toText(path)))
    .map(([path, loadedAs]) => toText(loadedAs) || toText(path));
}
