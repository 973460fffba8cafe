// One delivery at work: woken by commits of its source, it looks for what is due, sends parcels side by side within its bounds, and rests.
import {
  deliveryName,
  MillraceError,
  toMillraceError,
  type DeliveryDefinition,
  type DeliverySender,
  type ErrorReport,
} from "@millrace/core";
import { Wakeup } from "../schedule/wakeup.ts";
import { DeliverySource, type DeliverySourceParts } from "./delivery-source.ts";
import { DeliveryStore } from "./delivery-store.ts";
import type { DeliveryStatus } from "./delivery-types.ts";
import { nextFileParcel, nextParcels, Settlements, type DueParcel } from "./outbox.ts";
import { ParcelSender, type Settled } from "./parcel-sender.ts";
import { ParcelWindow, type HeldParcel } from "./parcel-window.ts";

export interface DeliveryRunnerParts extends DeliverySourceParts {
  readonly project: { readonly name: string; readonly folder: string };
  readonly isPersonal: boolean;
  readonly onStorageError: (error: MillraceError) => void;
}

const page = { parcelsMax: 256, bytesMax: 16 * 1_048_576 };
/** Parcels at hand, those included that wait for their next try. */
const heldMax = 4096;
/** Longest that all other parcels wait because the receiver is away. */
const awayMsMax = 30_000;
/** Requests under way may end before they are cut off. */
const graceMs = 5000;

export class DeliveryRunner {
  readonly name: string;
  readonly delivery: DeliveryDefinition;
  readonly #parts: DeliveryRunnerParts;
  readonly #store: DeliveryStore;
  readonly #source: DeliverySource;
  readonly #parcels: ParcelSender;
  readonly #window: ParcelWindow;
  readonly #wakeup = new Wakeup();
  readonly #sending = new Set<Promise<void>>();
  #sender: DeliverySender | undefined;
  #stopping = new AbortController();
  #cutting = new AbortController();
  #loop: Promise<void> | undefined;
  #resting: (() => void)[] = [];
  #isResting = false;
  #isPaused = false;
  /** Stands still behind a dead letter, in strict order. */
  #isBlocked = false;
  #isStale = true;
  /** The last look left some for later; since then, parcels went. */
  #more = false;
  #hasRoom = false;
  /** Up to where the outbox was read, and whether to its end. */
  #after = -1n;
  #isRead = false;
  #reading = 0;
  /** Nothing is begun before this moment: the receiver is away, or the warehouse was busy. */
  #notBeforeMs = 0;
  #failures = 0;
  #error: ErrorReport | undefined;
  #lastAcknowledgedMs: number | undefined;

  constructor(parts: DeliveryRunnerParts) {
    const { delivery, platform } = parts;
    this.#parts = parts;
    this.delivery = delivery;
    this.name = deliveryName(delivery);
    this.#store = new DeliveryStore(this.name, { ...platform, onStorageError: parts.onStorageError });
    this.#source = new DeliverySource(parts);
    this.#window = new ParcelWindow(delivery.order === "strict");
    this.#parcels = new ParcelSender({
      ...platform,
      delivery,
      destination: parts.destination,
      store: this.#store,
      settlements: new Settlements(this.#store, platform.clock),
      shape: () => this.#source.shape(),
    });
  }

  get store(): DeliveryStore {
    return this.#store;
  }

  get isPersonal(): boolean {
    return this.#parts.isPersonal;
  }

  get source(): DeliverySource {
    return this.#source;
  }

  /** Becomes the owner of the delivery; nothing is sent before `start`. */
  async take(): Promise<void> {
    this.#isPaused = (await this.#store.take()).paused;
  }

  /** Sends until `stop`. */
  start(): void {
    if (this.#loop !== undefined) return;
    this.#stopping = new AbortController();
    this.#cutting = new AbortController();
    this.#isResting = false;
    this.#notBeforeMs = 0;
    this.#failures = 0;
    this.#loop = this.#run(this.#stopping.signal);
  }

  /** Begins nothing more; what is under way gets a moment to end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    const ended = Promise.allSettled(this.#sending);
    const cut = this.#parts.platform.clock.after(graceMs, () =>
      this.#cutting.abort(new MillraceError("cancelled", "The platform stops.")),
    );
    await ended;
    cut();
    this.#loop = undefined;
    this.#window.clear();
    this.#readAgain();
    await this.#sender?.[Symbol.asyncDispose]();
    this.#sender = undefined;
  }

  /** The source has changed, or the time has come: look for what is due. */
  request(): void {
    this.#isStale = true;
    this.#wake();
  }

  /** Somebody changed the outbox, or paused or resumed the delivery. */
  async changed(): Promise<void> {
    this.#isPaused = (await this.#store.read(this.#parts.platform.warehouse)).paused;
    this.#window.clear();
    this.#readAgain();
    this.#isBlocked = false;
    this.#notBeforeMs = 0;
    this.#wake();
  }

  /** Resolves when nothing can be done any more, not even by waiting. */
  async idle(): Promise<void> {
    if (this.#loop === undefined || this.#isResting) return;
    await new Promise<void>((resolve) => this.#resting.push(resolve));
  }

  status(): Pick<DeliveryStatus, "state" | "lastAcknowledgedMs" | "error"> {
    const error = this.#isBlocked ? stopped(this.name) : this.#error;
    return {
      state: this.#state(),
      ...(this.#lastAcknowledgedMs === undefined ? {} : { lastAcknowledgedMs: this.#lastAcknowledgedMs }),
      ...(error === undefined ? {} : { error }),
    };
  }

  /** How many records the receiver holds; undefined when the delivery does not say how to ask. */
  async count(signal: AbortSignal): Promise<bigint | undefined> {
    const { count } = this.delivery.config as { readonly count?: unknown };
    return count === undefined ? undefined : (await this.#open()).count?.(signal);
  }

  #state(): DeliveryStatus["state"] {
    if (this.#isPaused) return "paused";
    if (this.#isBlocked) return "stopped";
    if (this.#sending.size > 0) return "sending";
    if (this.#window.size > 0) return "waiting";
    return this.#error === undefined ? "idle" : "failing";
  }

  #wake(): void {
    this.#isResting = false;
    this.#wakeup.ring();
  }

  #rest(): void {
    this.#isResting = true;
    for (const resolve of this.#resting.splice(0)) resolve();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts.platform;
    while (!signal.aborted) {
      const nowMs = clock.monotonicMs();
      const mayBegin = !this.#isPaused && nowMs >= this.#notBeforeMs;
      if (mayBegin && (await this.#step(nowMs))) continue;
      const nextMs = this.#nextMs(clock.monotonicMs());
      if (nextMs === undefined && this.#sending.size === 0) this.#rest();
      const ms = nextMs === undefined ? {} : { ms: Math.max(1, nextMs - clock.monotonicMs()) };
      await this.#wakeup.wait(clock, { signal, ...ms });
    }
    this.#rest();
  }

  /** When there will be something to do by time alone. */
  #nextMs(nowMs: number): number | undefined {
    if (this.#isPaused) return undefined;
    if (nowMs < this.#notBeforeMs) return this.#notBeforeMs;
    return this.#window.nextMs(nowMs);
  }

  /** Does one thing; false when there is nothing to do now. */
  async #step(nowMs: number): Promise<boolean> {
    try {
      if (this.#isStale) await this.#look();
      const isFree = this.#sending.size < this.delivery.concurrency;
      const next = isFree ? this.#window.next(nowMs) : undefined;
      if (next === undefined) return await this.#refill(nowMs);
      this.#begin(next, await this.#open());
      return true;
    } catch (thrown) {
      this.#failed(thrown);
      return false;
    }
  }

  async #look(): Promise<void> {
    this.#isStale = false;
    this.#hasRoom = false;
    const found = await this.#source.look(this.#store).catch((thrown: unknown) => {
      this.#isStale = toMillraceError(thrown).kind === "transient";
      throw thrown;
    });
    this.#more = found.more;
    if (found.due === 0n) return;
    // Of a snapshot, what was at hand is outdated.
    if (this.delivery.send === "snapshot") this.#window.clear();
    this.#isRead = false;
  }

  /** Takes the next parcels from the outbox; false when there are none, or enough at hand. */
  async #refill(nowMs: number): Promise<boolean> {
    const isFull = this.#window.size >= heldMax || this.#window.hasReady(nowMs, this.delivery.concurrency);
    if (this.#isRead || isFull || (await this.#standsStill())) return false;
    const reading = this.#reading;
    const found = await this.#next();
    // Meanwhile parcels came back before this place, or the outbox was changed: read anew.
    if (reading !== this.#reading) return true;
    const last = found.at(-1);
    for (const parcel of found) if (!this.#window.has(parcel.parcel)) this.#window.add(parcel);
    if (last !== undefined) {
      this.#after = last.parcel;
      return true;
    }
    this.#isRead = true;
    this.#isStale ||= this.#more && this.#hasRoom;
    return this.#isStale;
  }

  #next(): Promise<readonly DueParcel[]> {
    const { platform, destination, delivery } = this.#parts;
    if (destination.fileFormat(delivery) !== undefined)
      return nextFileParcel(platform.warehouse, this.name, this.#after);
    const place = { after: this.#after, except: this.#window.parcels };
    return nextParcels(platform.warehouse, this.name, place, page);
  }

  /** In strict order a dead letter holds up all that follow. */
  async #standsStill(): Promise<boolean> {
    if (this.delivery.order !== "strict") return false;
    const sql = "SELECT 1 FROM millrace.outbox WHERE delivery = ? AND state = 'dead' LIMIT 1";
    this.#isBlocked = (await this.#parts.platform.warehouse.query(sql, [this.name])).rows.length > 0;
    return this.#isBlocked;
  }

  #begin(held: HeldParcel, sender: DeliverySender): void {
    const { signal } = this.#cutting;
    held.isSending = true;
    const sending = this.#parcels
      .send(held, sender, signal)
      .then((settled) => this.#settle(held, settled))
      .catch((thrown: unknown) => this.#unknown(held, thrown, signal))
      .finally(() => {
        this.#sending.delete(sending);
        this.#wakeup.ring();
      });
    this.#sending.add(sending);
  }

  #settle(held: HeldParcel, settled: Settled): void {
    const { clock, log } = this.#parts.platform;
    held.isSending = false;
    if (settled.kind === "again") {
      held.readyMs = clock.monotonicMs() + settled.waitMs;
      this.#error = settled.error.toJSON();
      if (settled.isAway) this.#pause(settled.waitMs);
      const waitMs = Math.round(settled.waitMs);
      log.info("A delivery is tried again.", { delivery: this.name, reason: settled.error.message, waitMs });
      return;
    }
    this.#failures = 0;
    this.#hasRoom = true;
    this.#window.remove(held);
    this.#isRead &&= !this.#more;
    if (settled.kind === "split") this.#readAgain();
    else if (settled.error === undefined) this.#acknowledged();
    else this.#buried(settled.error);
  }

  #acknowledged(): void {
    this.#lastAcknowledgedMs = this.#parts.platform.clock.nowMs();
    this.#error = undefined;
  }

  #buried(error: MillraceError): void {
    this.#error = error.toJSON();
    this.#parts.platform.log.warn("A delivery has a dead letter.", { delivery: this.name, error: error.toJSON() });
    if (this.delivery.order !== "strict") return;
    this.#isBlocked = true;
    this.#window.clear();
    this.#readAgain();
  }

  /** Parcels stand before the place up to which the outbox was read. */
  #readAgain(): void {
    this.#reading += 1;
    this.#after = -1n;
    this.#isRead = false;
  }

  /** Other parcels would fail in the same way: they wait, a little longer each time. */
  #pause(waitMs: number): void {
    this.#failures += 1;
    const growingMs = 20 * 2 ** Math.min(this.#failures, 11);
    const untilMs = this.#parts.platform.clock.monotonicMs() + Math.min(awayMsMax, Math.max(waitMs, growingMs));
    this.#notBeforeMs = Math.max(this.#notBeforeMs, untilMs);
  }

  /** What became of the parcel is not known here: it is sent again, under the same key. */
  #unknown(held: HeldParcel, thrown: unknown, signal: AbortSignal): void {
    held.isSending = false;
    this.#window.remove(held);
    if (signal.aborted) return;
    this.#readAgain();
    this.#failed(thrown);
    this.#pause(0);
  }

  /** What a person must change waits for the next commit or action; other faults are tried again. */
  #failed(thrown: unknown): void {
    const error = toMillraceError(thrown);
    this.#error = error.toJSON();
    this.#parts.platform.log.error("A delivery failed.", { delivery: this.name, error: error.toJSON() });
    if (error.code === "batch-fenced") this.#stopping.abort();
    else if (error.kind === "transient") this.#pause(0);
  }

  async #open(): Promise<DeliverySender> {
    const { platform, destination, delivery, isPersonal, project } = this.#parts;
    this.#sender ??= await destination.open({
      ...platform,
      project: project.name,
      projectFolder: project.folder,
      delivery,
      isPersonal,
      log: platform.log.child({ delivery: this.name }),
    });
    return this.#sender;
  }
}

function stopped(name: string): ErrorReport {
  return new MillraceError("delivery-stopped", `Delivery ${name} stands still behind a dead letter.`).toJSON();
}
