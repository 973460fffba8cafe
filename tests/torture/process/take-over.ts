// A second platform takes over from one that stalls in the midst of its work and then goes on: two owners beside each other, of which one must be fenced.
import {
  isMillraceError,
  silentLogger,
  systemClock,
  systemRandom,
  type ProjectDefinition,
  type Warehouse,
} from "@millrace/core";
import {
  createMetrics,
  createPlatform,
  type Platform,
  type PlatformLimits,
  type PlatformParts,
} from "@millrace/runtime";
import type { AdapterContext, Adapters } from "millrace/embed";
import { replaced } from "./replaced.ts";

type Stores = Pick<
  PlatformParts,
  "warehouse" | "eventLog" | "objects" | "control" | "cache" | "secrets" | "http" | "connectors" | "destinations"
>;

/** A transaction that was stalled at its end goes on after this time at the latest. */
const stallMsMax = 10_000;
/** Without a batch in the midst of its transaction the new owner begins all the same. */
const catchMsMax = 10_000;
/** Longest that the new owner may take from its start until it has read where its channels go on. */
const readMsMax = 3000;

/** From when a batch is waited for until the new owner works. */
interface Stall {
  readonly caught: () => void;
  /** The old owner begins nothing new until `ended`. */
  paused: boolean;
  readonly ended: Promise<void>;
  /** What it has begun stays open until then. */
  readonly released: Promise<void>;
}

export class TakeOver {
  readonly #project: ProjectDefinition;
  readonly #limits: Partial<PlatformLimits>;
  readonly #stores: Partial<{ -readonly [K in keyof Stores]: Stores[K] }> = {};
  #next: Platform | undefined;
  #stall: Stall | undefined;

  constructor(project: ProjectDefinition, limits: Partial<PlatformLimits>) {
    this.#project = project;
    this.#limits = limits;
  }

  /** Adapters whose stores the new owner shares; the old owner's way to the warehouse can be stalled. */
  watched(adapters: Adapters): Adapters {
    const stores = this.#stores;
    return {
      warehouse: async (context) => this.#stallable((stores.warehouse = await adapters.warehouse(context))),
      eventLog: kept(
        (context) => adapters.eventLog(context),
        (store) => (stores.eventLog = store),
      ),
      objects: kept(
        (context) => adapters.objects(context),
        (store) => (stores.objects = store),
      ),
      control: kept(
        (context) => adapters.control(context),
        (store) => (stores.control = store),
      ),
      cache: kept(
        (context) => adapters.cache(context),
        (store) => (stores.cache = store),
      ),
      secrets: kept(
        (context) => adapters.secrets(context),
        (store) => (stores.secrets = store),
      ),
      http: kept(
        (context) => adapters.http(context),
        (store) => (stores.http = store),
      ),
      connectors: async () => (stores.connectors = await adapters.connectors()),
      destinations: async () => (stores.destinations = await adapters.destinations()),
    };
  }

  /** The platform that owns the channels now. */
  current(first: Platform): Platform {
    return this.#next ?? first;
  }

  /** Resolves when the new owner works. The old one wakes up and goes on, as a process does that was only paused. */
  async begin(): Promise<void> {
    if (this.#next !== undefined) return;
    const caught = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const stall: Stall = {
      caught: caught.resolve,
      paused: false,
      ended: ended.promise,
      released: released.promise,
    };
    this.#stall = stall;
    try {
      await Promise.race([caught.promise, after(catchMsMax)]);
      stall.paused = true;
      this.#next = await this.#startNext(released.resolve);
    } finally {
      this.#stall = undefined;
      released.resolve();
      ended.resolve();
    }
  }

  /** The old owner's transaction stays open until the new one has read where to go on, or until the new one is refused because of it. */
  async #startNext(refused: () => void): Promise<Platform> {
    const stores = this.#stores as Stores;
    const streams = this.#project.domains.flatMap(({ channels }) => channels.flatMap(({ outputs }) => outputs)).length;
    const read = Promise.withResolvers<void>();
    const platform = createPlatform({
      ...stores,
      warehouse: observed(stores.warehouse, { refused, streams, read: read.resolve }),
      project: this.#project,
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      metrics: createMetrics(),
      limits: this.#limits,
    });
    await platform.start({ live: true });
    await Promise.race([read.promise, after(readMsMax)]);
    return platform;
  }

  async stop(): Promise<void> {
    await this.#next?.stop();
  }

  #stallable(warehouse: Warehouse): Warehouse {
    const write: Warehouse["write"] = async (tables, work, options) => {
      if (this.#stall?.paused === true) await this.#stall.ended;
      let loads = false;
      return warehouse.write(
        tables,
        async (tx) => {
          const value = await work(
            replaced(tx, {
              load: (request) => {
                loads = true;
                return tx.load(request);
              },
            }),
          );
          const stall = this.#stall;
          if (loads && stall !== undefined) {
            stall.caught();
            await Promise.race([stall.released, after(stallMsMax)]);
          }
          return value;
        },
        options,
      );
    };
    return replaced(warehouse, { write });
  }
}

/** Tells when a writer was refused because another one is in its way, and when every stream's cursor has been read. */
function observed(
  warehouse: Warehouse,
  tell: { readonly refused: () => void; readonly streams: number; readonly read: () => void },
): Warehouse {
  const seen = new Set<string>();
  const write: Warehouse["write"] = async (tables, work, options) => {
    try {
      return await warehouse.write(tables, work, options);
    } catch (error) {
      if (isMillraceError(error, "warehouse-conflict")) tell.refused();
      throw error;
    }
  };
  const query: Warehouse["query"] = async (sql, params, options) => {
    const result = await warehouse.query(sql, params, options);
    if (sql.startsWith("SELECT cursor FROM millrace.channels")) seen.add(JSON.stringify(params));
    if (seen.size === tell.streams) tell.read();
    return result;
  };
  return replaced(warehouse, { write, query });
}

function kept<S>(
  open: (context: AdapterContext) => Promise<S>,
  keep: (store: S) => unknown,
): (context: AdapterContext) => Promise<S> {
  return async (context) => {
    const store = await open(context);
    keep(store);
    return store;
  };
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
