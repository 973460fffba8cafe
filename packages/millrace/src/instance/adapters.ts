// Which engine stands behind each port. The only place that names them: tests and other deployments exchange single ones.
import type {
  Cache,
  Clock,
  Connector,
  ControlStore,
  Destination,
  EventLog,
  HttpClient,
  Logger,
  Metrics,
  ObjectStore,
  ProjectDefinition,
  Random,
  Secrets,
  Warehouse,
} from "@millrace/core";
import { connectors, createHttpClient, destinations } from "@millrace/connectors";
import {
  createLruCache,
  createSecrets,
  openFileObjectStore,
  openSqliteControlStore,
  openSqliteEventLog,
  type DataFolder,
} from "@millrace/store-local";
import { openDuckDbWarehouse } from "@millrace/warehouse-duckdb";
import type { Budget } from "./budget.ts";

/** What an adapter may need to open. */
export interface AdapterContext {
  readonly project: ProjectDefinition;
  readonly folder: DataFolder;
  readonly budget: Budget;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** A store that can write a copy of itself while it is in use. */
export interface BackedUp {
  backup(target: string): Promise<void>;
}

/** An event log whose trims can wait until a backup of the warehouse has been taken. */
export interface TrimHolding {
  holdTrims(): () => void;
}

export interface Adapters {
  warehouse(context: AdapterContext): Promise<Warehouse>;
  eventLog(context: AdapterContext): Promise<EventLog & BackedUp & TrimHolding>;
  objects(context: AdapterContext): Promise<ObjectStore>;
  control(context: AdapterContext): Promise<ControlStore & BackedUp>;
  cache(context: AdapterContext): Promise<Cache>;
  secrets(context: AdapterContext): Promise<Secrets>;
  http(context: AdapterContext): Promise<HttpClient>;
  connectors(): Promise<readonly Connector[]>;
  destinations(): Promise<readonly Destination[]>;
}

/** The embedded engines: DuckDB, SQLite, files and memory. */
export const embeddedAdapters: Adapters = {
  async warehouse({ folder, budget, clock, log, random }) {
    const { warehouseBytes: memoryLimitBytes, threads } = budget;
    return openDuckDbWarehouse({ folder: folder.path, memoryLimitBytes, threads, clock, log, random });
  },
  async eventLog({ folder, clock, random }) {
    return openSqliteEventLog(folder.files.log, { clock, random });
  },
  async objects({ folder, random }) {
    return openFileObjectStore(folder.files.objects, { random });
  },
  async control({ folder, clock, random }) {
    return openSqliteControlStore(folder.files.control, { clock, random });
  },
  async cache({ budget }) {
    return createLruCache({ bytesMax: budget.cacheBytes });
  },
  async secrets({ project, folder }) {
    return createSecrets({ env: process.env, folder: project.folder, keptFolder: folder.files.kept });
  },
  async http({ project, clock }) {
    return createHttpClient({ clock, allowAddresses: project.config.allowAddresses ?? [] });
  },
  async connectors() {
    return connectors;
  },
  async destinations() {
    return destinations;
  },
};
