// A platform on the embedded stores in a folder of its own, for tests: can be closed and opened again like a process that restarts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  silentLogger,
  systemClock,
  systemRandom,
  type Connector,
  type Destination,
  type HttpClient,
  type Logger,
  type ProjectDefinition,
  type SqlValue,
} from "@millrace/core";
import {
  createLruCache,
  createSecrets,
  openFileObjectStore,
  openSqliteControlStore,
  openSqliteEventLog,
} from "@millrace/store-local";
import { openDuckDbWarehouse } from "@millrace/warehouse-duckdb";
import { createMetrics, type MetricsRegistry } from "../observe/metrics.ts";
import { createPlatform } from "../platform-instance.ts";
import type { PlatformLimits } from "../platform-limits.ts";
import type { PlatformParts } from "../platform-parts.ts";
import type { Platform } from "../platform.ts";
import { faulty, type Faults } from "./faulty-warehouse.ts";

export interface StageOptions {
  readonly connectors?: readonly Connector[];
  readonly destinations?: readonly Destination[];
  /** Default: none, every request fails. */
  readonly http?: HttpClient;
  /** Secrets and settings. */
  readonly env?: Readonly<Record<string, string>>;
  readonly limits?: Partial<PlatformLimits>;
  readonly log?: Logger;
  /** Makes the platform's warehouse fail where the test says so. */
  readonly faults?: Faults;
}

export interface OpenStage {
  readonly platform: Platform;
  readonly parts: PlatformParts;
  readonly metrics: MetricsRegistry;
  /** First column of the result's rows, or whole rows when there are more columns. */
  rows(sql: string, params?: readonly SqlValue[]): Promise<readonly unknown[]>;
  one(sql: string, params?: readonly SqlValue[]): Promise<unknown>;
  /** Closes the stores without stopping the platform first when `crash` is set. */
  close(options?: { readonly crash?: boolean }): Promise<void>;
}

const noNetwork: HttpClient = {
  request: () => Promise.reject(new Error("no network in this test")),
  close: () => Promise.resolve(),
};

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "millrace-runtime-"));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Opens the folder's stores and a platform on them; the platform is not started. */
export async function openStage(
  folder: string,
  project: ProjectDefinition,
  options: StageOptions = {},
): Promise<OpenStage> {
  const shared = { clock: systemClock, random: systemRandom };
  const log = options.log ?? silentLogger;
  const warehouse = await openDuckDbWarehouse({
    folder,
    memoryLimitBytes: 1024 * 1024 * 1024,
    threads: 2,
    ...shared,
    log,
  });
  const eventLog = await openSqliteEventLog(join(folder, "log.sqlite"), shared);
  const control = await openSqliteControlStore(join(folder, "control.sqlite"), shared);
  const metrics = createMetrics();
  const parts: PlatformParts = {
    project,
    warehouse: options.faults === undefined ? warehouse : faulty(warehouse, options.faults),
    eventLog,
    control,
    objects: await openFileObjectStore(join(folder, "objects")),
    cache: createLruCache({ bytesMax: 1024 * 1024 }),
    secrets: createSecrets({ env: options.env ?? {}, folder }),
    http: options.http ?? noNetwork,
    ...shared,
    log,
    metrics,
    connectors: options.connectors ?? [],
    ...(options.destinations === undefined ? {} : { destinations: options.destinations }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  };
  const platform = createPlatform(parts);
  const rows = async (sql: string, params?: readonly SqlValue[]): Promise<readonly unknown[]> =>
    (await warehouse.query(sql, params)).rows.map((row) => (row.length === 1 ? row[0] : row));
  return {
    platform,
    parts,
    metrics,
    rows,
    one: async (sql, params) => (await rows(sql, params))[0],
    async close(closing = {}) {
      if (closing.crash !== true) await platform.stop();
      await eventLog.close();
      await control.close();
      await warehouse.close();
    },
  };
}
