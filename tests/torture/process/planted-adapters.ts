// Bugs that the harness must find, each as a wrapper of one adapter. They prove that a passing run means something.
import { setTimeout as sleep } from "node:timers/promises";
import type { ObjectStore, Random, Secrets, SqlValue, Warehouse, WriteTransaction } from "@millrace/core";
import { openFileObjectStore } from "@millrace/store-local";
import type { Adapters } from "millrace/embed";
import type { Plant } from "./messages.ts";
import { replaced } from "./replaced.ts";

/** The adapters with a bug in them. `log-unsynced` is none of theirs: the harness lets the log's syncs go nowhere. */
export function plantedAdapters(embedded: Adapters, plant: Plant | undefined): Adapters {
  switch (plant) {
    case undefined:
    case "log-unsynced":
      return embedded;
    case "ledger-apart":
      return { ...embedded, warehouse: async (context) => ledgerApart(await embedded.warehouse(context)) };
    case "reading-fence":
      return { ...embedded, warehouse: async (context) => readingFence(await embedded.warehouse(context)) };
    case "objects-unsynced":
      return { ...embedded, objects: ({ folder, random }) => unsynced(folder.files.objects, random) };
    case "tokens-late":
      return { ...embedded, secrets: async (context) => keptLate(await embedded.secrets(context)) };
    case "early-trim":
      return { ...embedded, eventLog: async (context) => trimmedEarly(await embedded.eventLog(context)) };
  }
}

const progress =
  /^\s*(?:UPDATE millrace\.channels SET cursor|INSERT INTO millrace\.(?:ledger|files)|UPDATE millrace\.files)\b/;

/** Time between the two transactions of `ledger-apart`, so that few kills miss it. */
const apartMs = 100;

/** Rows in one transaction, what was loaded in a second one. */
function ledgerApart(warehouse: Warehouse): Warehouse {
  const write: Warehouse["write"] = async (tables, work, options) => {
    let later: (readonly [string, readonly SqlValue[]])[] = [];
    const value = await warehouse.write(
      tables,
      (tx) => {
        later = [];
        const run: WriteTransaction["run"] = async (sql, params = []) => {
          if (!progress.test(sql)) return tx.run(sql, params);
          later.push([sql, params]);
          return 1;
        };
        return work(replaced(tx, { run }));
      },
      options,
    );
    if (later.length === 0) return value;
    await sleep(apartMs);
    await warehouse.write(tables, async (tx) => {
      for (const [sql, params] of later) await tx.run(sql, params);
    });
    return value;
  };
  return replaced(warehouse, { write });
}

const cursors = "main.planted_cursors";

/** Reads the epoch instead of comparing and setting its row, so that nothing conflicts with a new owner. */
async function readingFence(warehouse: Warehouse): Promise<Warehouse> {
  await warehouse.write([], (tx) =>
    tx.run(`CREATE TABLE IF NOT EXISTS ${cursors} (channel VARCHAR, stream VARCHAR, cursor VARCHAR)`),
  );
  const write: Warehouse["write"] = (tables, work, options) =>
    warehouse.write(
      tables,
      (tx) => {
        const run: WriteTransaction["run"] = async (sql, params = []) => {
          if (!sql.startsWith("UPDATE millrace.channels SET cursor")) return tx.run(sql, params);
          const [cursor, , , channel, stream, epoch] = params;
          const name = [channel ?? null, stream ?? null];
          const found = await tx.query("SELECT epoch FROM millrace.channels WHERE channel = ? AND stream = ?", name);
          if (found.rows[0]?.[0] !== epoch) return 0;
          return tx.run(`INSERT INTO ${cursors} VALUES (?, ?, ?)`, [...name, cursor ?? null]);
        };
        return work(replaced(tx, { run }));
      },
      options,
    );
  const query: Warehouse["query"] = (sql, params, options) => {
    if (!sql.startsWith("SELECT cursor FROM millrace.channels")) return warehouse.query(sql, params, options);
    const newest = `SELECT cursor FROM ${cursors} WHERE channel = ? AND stream = ? ORDER BY rowid DESC LIMIT 1`;
    return warehouse.query(newest, params, options);
  };
  return replaced(warehouse, { write, query });
}

/** Raw originals whose syncs do nothing. */
function unsynced(folder: string, random: Random): Promise<ObjectStore> {
  const nothing = (): Promise<void> => Promise.resolve();
  return openFileObjectStore(folder, { random, sync: { file: nothing, folder: nothing } });
}

/** Later than the first use of a token, sooner than its end. */
const lateMs = 200;

/** Tokens are used first and kept afterwards. */
function keptLate(secrets: Secrets): Secrets {
  const put: Secrets["kept"]["put"] = async (name, value) => {
    setTimeout(() => void secrets.kept.put(name, value), lateMs);
  };
  return replaced(secrets, { kept: replaced(secrets.kept, { put }) });
}

/** Forgets events as soon as they are read, before their batch is committed. */
function trimmedEarly(log: Awaited<ReturnType<Adapters["eventLog"]>>): Awaited<ReturnType<Adapters["eventLog"]>> {
  const read: typeof log.read = async (partition, from, options) => {
    const entries = await log.read(partition, from, options);
    const last = entries.at(-1);
    if (last !== undefined) await log.trim(partition, last.offset + BigInt(last.count));
    return entries;
  };
  return replaced(log, { read });
}
