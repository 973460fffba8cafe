// One measurement in its own process: the engine's read of pages on disk, or a rest() channel of the whole platform reading the same pages over HTTP.
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { createHttpClient, cursor, rest, restConnector } from "@millrace/connectors";
import {
  silentLogger,
  silentMetrics,
  systemClock,
  systemRandom,
  type Arrival,
  type ChannelDefinition,
  type ConnectorContext,
  type Cursor,
  type EngineFormat,
} from "@millrace/core";
import { compileVerdict } from "@millrace/quality";
import { createSecrets, openFileObjectStore } from "@millrace/store-local";
import { openDuckDbWarehouse } from "@millrace/warehouse-duckdb";
import { inputOf, report } from "../harness/measured-process.ts";
import { engineFields, Item } from "./pages.ts";

export interface RestInput {
  readonly subject: "baseline" | "subject";
  readonly address: string;
  /** Folder of the pages. */
  readonly pages: string;
  readonly folder: string;
}

export interface RestOutcome {
  readonly seconds: number;
  /** Of all threads of the process meanwhile. */
  readonly processorSeconds: number;
  readonly rows: number;
  /** Sum of the rows' numbers, as text. */
  readonly sum: string;
}

/** The process may use 400 MiB; the engine's own buffers are part of them. */
const memoryLimitBytes = 192 * 1024 ** 2;

/** Starts the clocks; the function that it returns reads them. */
function clocks(): () => Pick<RestOutcome, "seconds" | "processorSeconds"> {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { seconds: (performance.now() - startedMs) / 1000, processorSeconds: (user + system) / 1e6 };
  };
}

async function baseline({ folder, pages }: RestInput): Promise<RestOutcome> {
  const instance = await DuckDBInstance.create(join(folder, "baseline.duckdb"), { memory_limit: "2GiB", threads: "2" });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  const read = clocks();
  await connection.run(
    `CREATE TABLE items AS SELECT unnest(data, recursive := true) FROM read_json('${pages}/*.json', columns = {data: 'STRUCT(${engineFields})[]'})`,
  );
  await connection.run("CHECKPOINT");
  const spent = read();
  const found = (await connection.runAndReadAll("SELECT count(*), sum(id)::VARCHAR FROM items")).getRows()[0] ?? [];
  return { ...spent, rows: Number(found[0]), sum: `${found[1] as string}` };
}

function asPages({ format }: Arrival): EngineFormat {
  if (format.kind === "converted") throw new Error("Pages of JSON need no conversion.");
  return format;
}

async function subject({ address, folder }: RestInput): Promise<RestOutcome> {
  const warehouse = await openDuckDbWarehouse({
    folder,
    memoryLimitBytes,
    threads: 2,
    clock: systemClock,
    log: silentLogger,
  });
  const declaration = rest({
    baseUrl: address,
    streams: { items: { path: "/items", records: "$.data", page: cursor("$.next"), into: Item } },
  });
  const outputs = declaration.outputs.map((output) => ({ ...output, domain: "bench" }));
  const channel: ChannelDefinition = { ...declaration, domain: "bench", name: "api", outputs };
  const objects = await openFileObjectStore(join(folder, "objects"), { random: systemRandom });
  const http = createHttpClient({ clock: systemClock, allowAddresses: ["127.0.0.1"] });
  let committed: Cursor = null;
  const context: ConnectorContext = {
    channel,
    projectFolder: folder,
    objects,
    http,
    secrets: createSecrets({ env: {}, folder }),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    metrics: silentMetrics,
    cursor: () => Promise.resolve(committed),
    knownFiles: () => Promise.resolve(new Map()),
    livingFiles: async function* () {},
    renamed: () => Promise.resolve(),
    gone: () => Promise.resolve(),
    refuse: () => Promise.resolve(),
  };
  const verdict = compileVerdict(Item, "bench");
  const read = clocks();
  const reader = await restConnector.open(context);
  let batch = 0n;
  const load = async (arrival: Arrival): Promise<void> => {
    const open = await Promise.all(
      arrival.objects.map(async ({ ref, encoding }) => ({ ref, encoding, local: await objects.local(ref) })),
    );
    batch += 1n;
    await warehouse.write(["bench.items"], async (tx) => {
      await tx.ensureTable({ domain: "bench", name: "items", columns: Item.columns, key: [] });
      return tx.load({
        batch,
        channel: "bench.api",
        domain: "bench",
        contract: Item,
        verdict,
        write: "append",
        source: { kind: "objects", objects: open, format: asPages(arrival) },
        receivedSeq: batch,
        replacesBatches: [],
        keepReplaced: false,
      });
    });
    for (const { local } of open) await local[Symbol.asyncDispose]();
    committed = arrival.after;
  };
  for await (const arrival of reader.read(new AbortController().signal)) await load(arrival);
  await warehouse.maintain();
  const spent = read();
  const found = (await warehouse.query("SELECT count(*), sum(id)::VARCHAR FROM bench.items")).rows[0] ?? [];
  await reader[Symbol.asyncDispose]();
  await http.close();
  await warehouse.close();
  return { ...spent, rows: Number(found[0]), sum: `${found[1] as string}` };
}

const input = inputOf<RestInput>();
report(await (input.subject === "baseline" ? baseline(input) : subject(input)));
