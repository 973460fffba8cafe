// The composition root: takes the data folder, opens one adapter per port inside the budget, and joins them into a platform.
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import {
  systemClock,
  systemRandom,
  type Cache,
  type Clock,
  type Logger,
  type ObjectStore,
  type ProjectDefinition,
  type Random,
} from "@millrace/core";
import {
  createMetrics,
  createPlatform,
  type MetricsRegistry,
  type Platform,
  type PlatformLimits,
  type Progress,
} from "@millrace/runtime";
import {
  backUpDataFolder,
  openDataFolder,
  type BackupPart,
  type BackupSummary,
  type DataFolder,
} from "@millrace/store-local";
import { embeddedAdapters, type AdapterContext, type Adapters } from "./instance/adapters.ts";
import { bodyBytesMaxOf } from "./instance/body-bytes-max.ts";
import { budgetOf, type Budget } from "./instance/budget.ts";
import { Closers } from "./instance/closers.ts";
import { dataFolderOf } from "./project/configured-data-folder.ts";
import { checkRules } from "./project/check-rules.ts";

export interface OpenPlatformOptions {
  readonly project: ProjectDefinition;
  /** Default: `stores.data` of the project, else `.millrace` in its folder. */
  readonly dataFolder?: string;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Exchanges single adapters, e.g. to count calls or to lose writes. Receives the embedded ones. */
  readonly adapters?: (embedded: Adapters) => Adapters;
  /** Bounds that differ from the defaults, e.g. so that a short-lived process also trims and tidies. */
  readonly limits?: Partial<PlatformLimits>;
}

/** A platform that owns its data folder and has not been started. */
export interface OpenedPlatform extends AsyncDisposable {
  readonly platform: Platform;
  readonly folder: DataFolder;
  readonly budget: Budget;
  readonly metrics: MetricsRegistry;
  readonly cache: Cache;
  readonly objects: ObjectStore;
  /** Refuses rules that cannot be bound; everything else is refused by the platform's plan. @throws MillraceError contract-invalid, project-invalid */
  check(project: ProjectDefinition): Promise<void>;
  /** One consistent cut of all stores, into a folder that is not there yet. */
  backup(target: string, onProgress?: (progress: Progress) => void): Promise<BackupSummary>;
  /** Stops the platform, closes the stores and gives the folder up. May be called again. */
  close(): Promise<void>;
}

/**
 * Opens the stores of a project. Starts nothing: `platform.start()` does.
 *
 * @throws MillraceError data-folder-locked, data-folder-newer, data-folder-invalid, contract-invalid, project-invalid, storage-failed
 * @example await using opened = await openPlatform({ project, log: silentLogger });
 */
export async function openPlatform(options: OpenPlatformOptions): Promise<OpenedPlatform> {
  const { project, log, clock = systemClock, random = systemRandom } = options;
  const adapters = options.adapters?.(embeddedAdapters) ?? embeddedAdapters;
  const closers = new Closers();
  try {
    const connectors = await adapters.connectors();
    const destinations = await adapters.destinations();
    const folder = await openDataFolder(options.dataFolder ?? dataFolderOf(project), { clock, random });
    closers.add(() => folder.release());
    const metrics = createMetrics();
    const budget = budgetOf(project.config.limits);
    const stores = await openStores(adapters, { project, folder, budget, clock, random, log, metrics }, closers);
    await checkRules(project, stores.warehouse);
    const platform = createPlatform({
      ...stores,
      project,
      clock,
      random,
      log,
      metrics,
      connectors,
      destinations,
      // What the door lets in, the platform takes.
      limits: { ...options.limits, ingestBytesMax: bodyBytesMaxOf(project) },
    });
    closers.add(() => platform.stop());
    const close = (): Promise<void> => closers.close();
    return {
      platform,
      folder,
      budget,
      metrics,
      cache: stores.cache,
      objects: stores.objects,
      check: (next) => checkRules(next, stores.warehouse),
      backup: (target, onProgress) => backUp(folder, stores, { target, onProgress }),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (thrown) {
    await closers.close();
    throw thrown;
  }
}

type Stores = {
  readonly [K in Exclude<keyof Adapters, "connectors" | "destinations">]: Awaited<ReturnType<Adapters[K]>>;
};

/** All at once; each store that opened is closed again when another one fails. */
async function openStores(adapters: Adapters, context: AdapterContext, closers: Closers): Promise<Stores> {
  const keep = async <T extends { close?(): Promise<void> }>(opening: Promise<T>): Promise<T> => {
    const store = await opening;
    closers.add(async () => store.close?.());
    return store;
  };
  const opening = [
    keep(adapters.warehouse(context)),
    keep(adapters.eventLog(context)),
    keep(adapters.control(context)),
    adapters.objects(context),
    adapters.cache(context),
    adapters.secrets(context),
    keep(adapters.http(context)),
  ] as const;
  // Every one settles first, so that none opens behind the back of the closers.
  await Promise.allSettled(opening);
  const [warehouse, eventLog, control, objects, cache, secrets, http] = await Promise.all(opening);
  return { warehouse, eventLog, control, objects, cache, secrets, http };
}

/** The warehouse first, then the log that keeps everything it may still need, then the rest: see backUpDataFolder. */
async function backUp(
  folder: DataFolder,
  stores: Stores,
  to: { readonly target: string; readonly onProgress: ((progress: Progress) => void) | undefined },
): Promise<BackupSummary> {
  const { warehouse, eventLog, control } = stores;
  let done = 0;
  const part = (name: BackupPart["name"], write: BackupPart["write"]): BackupPart => ({
    name,
    async write(file) {
      await write(file);
      done += (await stat(file)).size;
      to.onProgress?.({ subject: name, done, unit: "bytes" });
    },
  });
  const release = eventLog.holdTrims();
  try {
    return await backUpDataFolder(folder.path, to.target, {
      parts: [
        part("warehouse.duckdb", (file) => warehouse.backup(dirname(file))),
        part("log.sqlite", (file) => eventLog.backup(file)),
        part("control.sqlite", (file) => control.backup(file)),
      ],
    });
  } finally {
    release();
  }
}
