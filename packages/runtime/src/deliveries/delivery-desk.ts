// What people ask of deliveries: lists, dead letters, replay, discard, pause, resume, and whether the counts agree.
import { didYouMean, MillraceError, type WriteTransaction } from "@millrace/core";
import { toBigint } from "../load/sql-values.ts";
import type { PlatformParts } from "../platform-parts.ts";
import { addsUp, readCounts, readOutbox } from "./delivery-reader.ts";
import type { DeliveryRunner } from "./delivery-runner.ts";
import type { DeliverySet } from "./delivery-set.ts";
import type {
  DeliveryActionOutcome,
  DeliveryCounts,
  DeliveryFilter,
  DeliveryReport,
  DeliveryRequest,
  DeliveryStatus,
  Reconciliation,
} from "./delivery-types.ts";
import { relationOf } from "./source-sql.ts";

export interface DeliveryDeskParts {
  readonly platform: PlatformParts;
  readonly deliveries: DeliverySet;
}

const nothing: DeliveryCounts = {
  due: 0n,
  acknowledged: 0n,
  pending: 0n,
  dead: 0n,
  discarded: 0n,
  superseded: 0n,
};

const countTimeoutMs = 60_000;

export class DeliveryDesk {
  readonly #parts: DeliveryDeskParts;

  constructor(parts: DeliveryDeskParts) {
    this.#parts = parts;
  }

  /** Those of the project, and those that are retired while something of theirs still stands in the outbox. */
  async list(): Promise<readonly DeliveryStatus[]> {
    const { platform, deliveries } = this.#parts;
    const counts = await readCounts(platform.warehouse);
    const present = deliveries.runners.map((runner) => statusOf(runner, counts.get(runner.name) ?? nothing));
    const retired = [...counts]
      .filter(([name, one]) => deliveries.runner(name) === undefined && one.pending + one.dead > 0n)
      .map(([delivery, one]): DeliveryStatus => {
        return { delivery, destination: "", from: "", send: "changes", state: "retired", ...one };
      });
    return [...present, ...retired].sort((a, b) => (a.delivery < b.delivery ? -1 : 1));
  }

  /** @throws MillraceError delivery-not-found */
  async show(name: string, filter: DeliveryFilter): Promise<DeliveryReport> {
    const runner = this.#runner(name);
    const { warehouse } = this.#parts.platform;
    const showValues = filter.showPii === true || !runner.isPersonal;
    const rows = await readOutbox(warehouse, name, { ...filter, showValues });
    return { ...(await this.#status(runner)), rows };
  }

  /** @throws MillraceError delivery-not-found, batch-fenced, warehouse-* */
  async act(request: DeliveryRequest): Promise<DeliveryActionOutcome> {
    const runner = this.#runner(request.delivery);
    const done = await runner.store.write((tx) => this.#act(tx, runner, request));
    await runner.changed();
    return { ...(await this.#status(runner)), ...done };
  }

  /** @throws MillraceError delivery-not-found, upstream-* where the receiver cannot be asked */
  async reconcile(name: string): Promise<Reconciliation> {
    const runner = this.#runner(name);
    const counts = await this.#counts(name);
    const receiver = await runner.count(AbortSignal.timeout(countTimeoutMs));
    const own = { delivery: name, ...counts, addsUp: addsUp(counts) };
    if (receiver === undefined) return { ...own, equal: own.addsUp };
    const source = await this.#sourceRows(runner);
    return { ...own, source, receiver, equal: own.addsUp && source === receiver };
  }

  async #sourceRows(runner: DeliveryRunner): Promise<bigint> {
    const relation = relationOf(await runner.source.shape());
    const found = await this.#parts.platform.warehouse.query(`SELECT count(*) FROM ${relation}`);
    return toBigint(found.rows[0]?.[0]);
  }

  async #act(
    tx: WriteTransaction,
    { store }: DeliveryRunner,
    { kind, rows }: DeliveryRequest,
  ): Promise<Pick<DeliveryActionOutcome, "changed" | "outdated">> {
    if (kind === "pause" || kind === "resume") {
      await store.change(tx, "paused = ?", [kind === "pause"]);
      return { changed: 0n, outdated: 0n };
    }
    const chosen = rows === undefined ? "" : ` AND seq IN (${rows.length === 0 ? "NULL" : rows.join(", ")})`;
    const dead = `delivery = ? AND state = 'dead'${chosen}`;
    if (kind === "discard") {
      const gone = BigInt(await tx.run(`DELETE FROM millrace.outbox WHERE ${dead}`, [store.name]));
      await store.change(tx, "discarded = discarded + ?", [gone]);
      return { changed: gone, outdated: 0n };
    }
    const newer = `EXISTS (SELECT 1 FROM millrace.delivery_keys AS k WHERE k.delivery = o.delivery AND k.key = o.key AND k.version > o.version)`;
    const counted = await tx.query(`SELECT count(*) FROM millrace.outbox AS o WHERE ${dead} AND ${newer}`, [
      store.name,
    ]);
    const changed = await tx.run(
      `UPDATE millrace.outbox AS o SET state = 'pending', attempts = 0, failed_at = NULL WHERE ${dead} AND NOT ${newer}`,
      [store.name],
    );
    await store.change(tx, "paused = paused", []);
    return { changed: BigInt(changed), outdated: toBigint(counted.rows[0]?.[0]) };
  }

  async #counts(name: string): Promise<DeliveryCounts> {
    return (await readCounts(this.#parts.platform.warehouse)).get(name) ?? nothing;
  }

  async #status(runner: DeliveryRunner): Promise<DeliveryStatus> {
    return statusOf(runner, await this.#counts(runner.name));
  }

  #runner(name: string): DeliveryRunner {
    const { deliveries } = this.#parts;
    const found = deliveries.runner(name);
    if (found !== undefined) return found;
    const names = deliveries.runners.map((runner) => runner.name);
    throw new MillraceError("delivery-not-found", `There is no delivery "${name}"${didYouMean(name, names)}`);
  }
}

function statusOf(runner: DeliveryRunner, counts: DeliveryCounts): DeliveryStatus {
  const { delivery } = runner;
  return {
    delivery: runner.name,
    destination: delivery.destination,
    from: `${delivery.from.domain}.${delivery.from.name}`,
    send: delivery.send,
    ...runner.status(),
    ...counts,
  };
}
