// A delivery and its source: which columns are sent, and the look for what is due.
import { MillraceError, type DeliveryDefinition, type Destination, type Warehouse } from "@millrace/core";
import type { PlatformLimits } from "../platform-limits.ts";
import type { PlatformParts } from "../platform-parts.ts";
import type { DeliveryStore } from "./delivery-store.ts";
import { findDue, type Found } from "./find-due.ts";
import { shapeOf, type SourceShape } from "./source-sql.ts";

export interface DeliverySourceParts {
  readonly platform: PlatformParts;
  readonly limits: PlatformLimits;
  readonly delivery: DeliveryDefinition;
  readonly destination: Destination;
  /** Channels append to the source. */
  readonly appends: boolean;
}

export class DeliverySource {
  readonly #parts: DeliverySourceParts;

  constructor(parts: DeliverySourceParts) {
    this.#parts = parts;
  }

  /** @throws MillraceError delivery-invalid */
  async shape(): Promise<SourceShape> {
    const shape = await this.#shape(this.#parts.platform.warehouse);
    if (shape !== undefined) return shape;
    const { domain, name } = this.#parts.delivery.from;
    throw new MillraceError("delivery-invalid", `Table ${domain}.${name}, which a delivery sends, is not there.`);
  }

  /** Enters what is due into the outbox; nothing while the source is not there yet. @throws MillraceError delivery-*, batch-fenced, warehouse-* */
  async look(store: DeliveryStore): Promise<Found> {
    const { platform, limits, delivery, destination } = this.#parts;
    const shape = await this.#shape(platform.warehouse);
    if (shape === undefined) return { due: 0n, more: false };
    const columns = shape.columns.map(({ name, engineType }) => [name, engineType]);
    const key = shape.key.map(({ name }) => name);
    return findDue({
      clock: platform.clock,
      delivery,
      store,
      shape,
      fingerprint: JSON.stringify([delivery.from, key, columns, delivery.send, delivery.deletions]),
      takesFiles: destination.fileFormat(delivery) !== undefined,
      pendingMax: limits.deliveryPendingMax,
      snapshotRowsMax: limits.deliverySnapshotRowsMax,
    });
  }

  async #shape(warehouse: Warehouse): Promise<SourceShape | undefined> {
    const { delivery, appends } = this.#parts;
    const table = await warehouse.table(delivery.from.domain, delivery.from.name);
    return table === undefined ? undefined : shapeOf(delivery, table, appends);
  }
}
