// A shop whose products go to a receiver, for tests of deliveries.
import type { DeliveryDeclaration, DeliveryDefinition, ModelSource, ProjectDefinition } from "@millrace/core";
import { silentLogger, systemClock } from "@millrace/core";
import { createHttpClient, destinations } from "@millrace/connectors";
import { delivery, env, toRest } from "@millrace/connectors/authoring";
import type { PlatformLimits } from "../platform-limits.ts";
import { openStage, type OpenStage } from "./embedded-stage.ts";
import { queueConnector } from "./queue-connector.ts";
import { shop, type Shop } from "./shop-project.ts";

type Options = Parameters<typeof delivery>[0];

/** A delivery of products to the receiver, one request each, without long waits. */
export function toReceiver(change: Partial<Options> = {}, rest: Partial<Parameters<typeof toRest>[0]> = {}): Options {
  const to = toRest({ baseUrl: env("RECEIVER"), path: "/products/{sku}", method: "PUT", ...rest });
  const retry = { attempts: 3, base: "10ms", cap: "50ms", deadline: "1m" };
  return { from: "products", to, retry, ...change };
}

export function defined(name: string, declared: DeliveryDeclaration): DeliveryDefinition {
  const from = (typeof declared.from === "string" ? declared.from : declared.from.name).split(".");
  const source =
    from.length === 1 ? { domain: "shop", name: from[0] ?? "" } : { domain: from[0] ?? "", name: from[1] ?? "" };
  return { ...declared, domain: "shop", name, from: source };
}

export interface DeliveryStage extends OpenStage {
  readonly shop: Shop;
}

export interface DeliveryStageOptions {
  readonly folder: string;
  readonly receiver: string;
  /** The same lists of arrivals over a restart. */
  readonly shop: Shop;
  readonly deliveries: Readonly<Record<string, Options>>;
  readonly models?: readonly ModelSource[];
  readonly limits?: Partial<PlatformLimits>;
  /** Default: false, runUntilIdle does everything. */
  readonly live?: boolean;
}

/** Opens and starts a platform that delivers. */
export async function openDeliveryStage(options: DeliveryStageOptions): Promise<DeliveryStage> {
  const { folder, receiver, shop: from, deliveries, models = [], limits = {} } = options;
  const definitions = Object.entries(deliveries).map(([name, one]) => defined(name, delivery(one)));
  const domains = from.project.domains.map((domain) => ({ ...domain, models, deliveries: definitions }));
  const project: ProjectDefinition = { ...from.project, folder, domains };
  const stage = await openStage(folder, project, {
    connectors: [queueConnector(from.sources)],
    destinations,
    http: createHttpClient({ clock: systemClock, allowAddresses: ["127.0.0.1"] }),
    env: { RECEIVER: receiver, HOOK_KEY: "whsec_c2VjcmV0", TOKEN: "hunter2hunter2" },
    log: silentLogger,
    limits: { deliverySettleMs: 10_000, ...limits },
  });
  await stage.platform.start({ live: options.live === true });
  return { ...stage, shop: from };
}

/** One arrival of products: their names by sku. */
export function products(names: Readonly<Record<string, string>>): { readonly objects: readonly string[] } {
  const lines = Object.entries(names).map(([sku, name]) => JSON.stringify({ sku, name }));
  return { objects: [`${lines.join("\n")}\n`] };
}

export { shop };
