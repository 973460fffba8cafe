// All deliveries of the running project. A changed project replaces only what changed; commits wake those whose source they touch.
import {
  atLocation,
  deliveryName,
  didYouMean,
  MillraceError,
  type CommitEvent,
  type DeliveryDefinition,
  type Destination,
  type ProjectDefinition,
} from "@millrace/core";
import type { PlatformLimits } from "../platform-limits.ts";
import type { PlatformParts } from "../platform-parts.ts";
import { ON_ARRIVAL, validateTrigger } from "../schedule/trigger.ts";
import { DeliveryRunner } from "./delivery-runner.ts";

export interface DeliverySetParts {
  readonly platform: PlatformParts;
  readonly limits: PlatformLimits;
  readonly onStorageError: (error: MillraceError) => void;
}

export class DeliverySet {
  readonly #parts: DeliverySetParts;
  readonly #runners = new Map<string, DeliveryRunner>();
  readonly #texts = new Map<string, string>();
  #isLive = false;

  constructor(parts: DeliverySetParts) {
    this.#parts = parts;
  }

  get runners(): readonly DeliveryRunner[] {
    return [...this.#runners.values()];
  }

  /** Deliveries that look for what is due at times of their own, with their trigger. */
  get timed(): readonly { readonly name: string; readonly every: string }[] {
    return this.runners
      .filter(({ delivery }) => delivery.every !== ON_ARRIVAL)
      .map(({ name, delivery }) => ({ name, every: delivery.every }));
  }

  runner(name: string): DeliveryRunner | undefined {
    return this.#runners.get(name);
  }

  /** @throws MillraceError batch-fenced, warehouse-* */
  async adopt(project: ProjectDefinition): Promise<void> {
    const next = new Map(deliveriesOf(project).map((delivery) => [deliveryName(delivery), delivery]));
    for (const [name, runner] of this.#runners) {
      const wanted = next.get(name);
      if (wanted !== undefined && this.#texts.get(name) === textOf(project, wanted)) continue;
      await runner.stop();
      this.#runners.delete(name);
    }
    for (const [name, delivery] of next) {
      if (this.#runners.has(name)) continue;
      const runner = this.#open(project, delivery);
      await runner.take();
      this.#runners.set(name, runner);
      this.#texts.set(name, textOf(project, delivery));
      if (this.#isLive) runner.start();
    }
  }

  #open(project: ProjectDefinition, delivery: DeliveryDefinition): DeliveryRunner {
    return new DeliveryRunner({
      ...this.#parts,
      delivery,
      destination: findDestination(this.#parts.platform.destinations ?? [], delivery),
      project: { name: project.config.name, folder: project.folder },
      isPersonal: isPersonal(project, delivery),
      appends: appendsTo(project, delivery.from),
    });
  }

  /** Sends from here on, whenever something is due. */
  start(): void {
    this.#isLive = true;
    for (const runner of this.runners) runner.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.runners.map((runner) => runner.stop()));
  }

  heard(commit: CommitEvent): void {
    const tables = new Set(commit.tables.map(({ table }) => table));
    for (const runner of this.runners) {
      const { from, every } = runner.delivery;
      if (every === ON_ARRIVAL && tables.has(`${from.domain}.${from.name}`)) runner.request();
    }
  }

  request(name: string): void {
    this.#runners.get(name)?.request();
  }

  /** Sends what is due, and waits for tries again, but not longer than the limit: what is left then stays due. */
  async settle(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts.platform;
    for (const runner of this.runners) {
      runner.request();
      runner.start();
    }
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const late = clock.sleep(this.#parts.limits.deliverySettleMs, either).catch(() => undefined);
    await Promise.race([Promise.all(this.runners.map((runner) => runner.idle())), late]);
    over.abort();
    if (!this.#isLive) await this.stop();
  }
}

export function deliveriesOf(project: ProjectDefinition): readonly DeliveryDefinition[] {
  return project.domains.flatMap((domain) => domain.deliveries ?? []);
}

/** @throws MillraceError delivery-invalid, with file and line */
export function validateDelivery(destinations: readonly Destination[], delivery: DeliveryDefinition): void {
  validateTrigger(delivery, { what: "delivery", code: "delivery-invalid" });
  findDestination(destinations, delivery).validate(delivery);
}

export function findDestination(destinations: readonly Destination[], delivery: DeliveryDefinition): Destination {
  const found = destinations.find(({ name }) => name === delivery.destination);
  if (found !== undefined) return found;
  const names = destinations.map(({ name }) => name);
  throw new MillraceError(
    "delivery-invalid",
    `${atLocation(delivery.location)}delivery ${deliveryName(delivery)}: there is no destination "${delivery.destination}"${didYouMean(delivery.destination, names)}`,
    { hint: `Destinations: ${names.join(", ")}.` },
  );
}

/** What makes a running delivery another one. */
function textOf(project: ProjectDefinition, delivery: DeliveryDefinition): string {
  return JSON.stringify([delivery, isPersonal(project, delivery), appendsTo(project, delivery.from)]);
}

/** Of a table, what its contract says of the columns that are sent; of a model, whether any table of the project has personal data. */
function isPersonal(project: ProjectDefinition, { from, columns, key }: DeliveryDefinition): boolean {
  const contracts = project.domains.flatMap(({ name, contracts: own }) => own.map((one) => ({ domain: name, one })));
  const table = contracts.find(({ domain, one }) => domain === from.domain && one.name === from.name);
  if (table === undefined) return contracts.some(({ one }) => one.columns.some(({ pii }) => pii));
  const sent = columns === undefined ? undefined : new Set([...columns, ...(key ?? [])]);
  return table.one.columns.some((column) => column.pii && (sent === undefined || sent.has(column.name) || column.key));
}

function appendsTo(project: ProjectDefinition, table: DeliveryDefinition["from"]): boolean {
  return project.domains
    .flatMap(({ channels }) => channels)
    .flatMap(({ outputs }) => outputs)
    .some(
      ({ domain, contract, write }) => domain === table.domain && contract.name === table.name && write === "append",
    );
}
