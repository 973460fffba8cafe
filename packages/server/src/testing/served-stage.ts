// A platform on the embedded stores with a server in front of it, in a folder of its own, for tests.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  contract,
  systemClock,
  systemRandom,
  t,
  type Cache,
  type ChannelDeclaration,
  type Clock,
  type ContractDefinition,
  type LogFields,
  type Logger,
  type ModelSource,
  type ProjectDefinition,
} from "@millrace/core";
import { events } from "@millrace/connectors";
import {
  createMetrics,
  createPlatform,
  type MetricsRegistry,
  type Platform,
  type PlatformLimits,
} from "@millrace/runtime";
import {
  createLruCache,
  createSecrets,
  openFileObjectStore,
  openSqliteControlStore,
  openSqliteEventLog,
} from "@millrace/store-local";
import { openDuckDbWarehouse } from "@millrace/warehouse-duckdb";
import type { Operations, ServerParts } from "../server-parts.ts";
import { createServer, type MillraceServer } from "../server.ts";

export const stageToken = "stage-token-0123456789";

export const Orders = contract("orders", {
  id: t.int64().key(),
  customer: t.string().optional().pii(),
  price: t.decimal(12, 2).optional().min(0),
  placed: t.timestamp().optional(),
  changed: t.int64().version(),
});

/** One column of each kind that can be compared, all of them optional. */
export const Things = contract("things", {
  label: t.string().optional(),
  small: t.int32().optional(),
  big: t.int64().optional(),
  amount: t.decimal(9, 3).optional(),
  ratio: t.float().optional(),
  flag: t.bool().optional(),
  day: t.date().optional(),
  moment: t.timestamp().optional(),
  local: t.datetime().optional(),
  hour: t.time().optional(),
  token: t.uuid().optional(),
  size: t.enum("S", "M", "L").optional(),
  raw: t.bytes().optional(),
  doc: t.json().optional(),
  tags: t.list(t.string()).optional(),
});

/** A channel by the name that its author would give it. */
export interface StageChannel {
  readonly name: string;
  readonly declared: ChannelDeclaration;
}

export function stageProject(
  folder: string,
  models: readonly ModelSource[] = [],
  more: readonly StageChannel[] = [],
): ProjectDefinition {
  const channels = [
    { name: "orders_in", declared: events({ into: Orders }) },
    { name: "things_in", declared: events({ into: Things, write: "append" }) },
    ...more,
  ].map(({ name, declared }) => ({
    ...declared,
    domain: "shop",
    name,
    outputs: declared.outputs.map((output) => ({ ...output, domain: "shop" })),
  }));
  const contracts = [...new Set([Orders, Things, ...more.flatMap(({ declared }) => declared.outputs.map(into))])];
  return {
    config: { name: "stage" },
    folder,
    domains: [{ name: "shop", folder, contracts, channels, models }],
  };
}

function into(output: ChannelDeclaration["outputs"][number]): ContractDefinition {
  return output.contract;
}

export interface StageOptions {
  /** Channels beside the two that are always there. */
  readonly channels?: readonly StageChannel[];
  /** Secrets by name. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** An own folder is kept when the stage closes, so that another one can go on with it. */
  readonly folder?: string;
  readonly models?: readonly Omit<ModelSource, "file">[];
  readonly limits?: Partial<PlatformLimits>;
  readonly operations?: Partial<Operations>;
  readonly server?: Partial<ServerParts>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  readonly json: unknown;
}

export interface ServedStage {
  readonly platform: Platform;
  readonly server: MillraceServer;
  readonly metrics: MetricsRegistry;
  /** What was logged, as `level message fields`. */
  readonly lines: string[];
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  send(method: "GET" | "HEAD" | "POST", url: string, options?: SendOptions): Promise<Answer>;
  /** Sends events and waits until they are in their table. */
  load(channel: string, records: readonly object[]): Promise<void>;
  close(): Promise<void>;
}

interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly token?: string | undefined;
}

export async function openStage(options: StageOptions = {}): Promise<ServedStage> {
  const lines: string[] = [];
  const log = memoryLogger(lines);
  const embedded = await openPlatform(options, log);
  const { platform, metrics, cache } = embedded;
  const operations: Operations = { backup: () => Promise.resolve({}), stop: () => undefined, ...options.operations };
  const server = await createServer({
    platform,
    metrics,
    cache,
    token: stageToken,
    version: "0.0.0",
    bodyBytesMax: 1024 * 1024,
    spillFolder: join(embedded.folder, "answers"),
    log,
    operations,
    ...options.server,
  });
  const send = sender(server);
  return {
    platform,
    server,
    metrics,
    lines,
    send,
    get: (url, headers = {}) => send("GET", url, { headers }),
    async load(channel, records) {
      const body = records.map((record) => `${JSON.stringify(record)}\n`).join("");
      const headers = { "content-type": "application/x-ndjson" };
      const answer = await send("POST", `/ingest/${channel}`, { headers, body });
      if (answer.status !== 202) throw new Error(answer.text);
      await platform.runUntilIdle({});
    },
    async close() {
      await server.close({ drainMs: 100 });
      await embedded.close();
    },
  };
}

interface EmbeddedPlatform {
  readonly platform: Platform;
  readonly metrics: MetricsRegistry;
  readonly cache: Cache;
  readonly folder: string;
  close(): Promise<void>;
}

async function openPlatform(options: StageOptions, log: Logger): Promise<EmbeddedPlatform> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "millrace-server-"));
  const shared = { clock: options.clock ?? systemClock, random: systemRandom };
  const memory = { memoryLimitBytes: 512 * 1024 * 1024, threads: 2 };
  const warehouse = await openDuckDbWarehouse({ folder, ...memory, ...shared, log });
  const eventLog = await openSqliteEventLog(join(folder, "log.sqlite"), shared);
  const control = await openSqliteControlStore(join(folder, "control.sqlite"), shared);
  const metrics = createMetrics();
  const cache = createLruCache({ bytesMax: 8 * 1024 * 1024 });
  const models = (options.models ?? []).map((model) => ({ ...model, file: join(folder, `${model.name}.sql`) }));
  const platform = createPlatform({
    project: stageProject(folder, models, options.channels),
    warehouse,
    eventLog,
    control,
    objects: await openFileObjectStore(join(folder, "objects")),
    cache,
    secrets: createSecrets({ env: options.secrets ?? {}, folder }),
    http: { request: () => Promise.reject(new Error("no network in this test")), close: () => Promise.resolve() },
    ...shared,
    log,
    metrics,
    connectors: [],
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  await platform.start({ live: false });
  return {
    platform,
    metrics,
    cache,
    folder,
    async close() {
      await platform.stop();
      await eventLog.close();
      await control.close();
      await warehouse.close();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function sender(server: MillraceServer): ServedStage["send"] {
  return async (method, url, { headers = {}, body, token = stageToken } = {}) => {
    const response = await server.inject({
      method,
      url,
      headers: { ...(token === "" ? {} : { authorization: `Bearer ${token}` }), ...headers },
      ...(body === undefined ? {} : { payload: body }),
    });
    const type = String(response.headers["content-type"]);
    const json = type.includes("json") && !type.includes("ndjson") && response.body !== "";
    return {
      status: response.statusCode,
      headers: response.headers as Answer["headers"],
      text: response.body,
      json: json ? (JSON.parse(response.body) as unknown) : undefined,
    };
  };
}

function memoryLogger(lines: string[]): Logger {
  const write =
    (level: string) =>
    (message: string, fields?: LogFields): void => {
      const text = JSON.stringify(fields, (_key, value: unknown) =>
        typeof value === "bigint" ? String(value) : value,
      );
      lines.push(`${level} ${message} ${text ?? ""}`);
    };
  const logger: Logger = {
    debug: () => undefined,
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: () => logger,
  };
  return logger;
}
