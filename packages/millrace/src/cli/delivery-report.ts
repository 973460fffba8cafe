// Deliveries as people read them: one line each, and the sum that must hold.
import type { DeliveryStatus } from "@millrace/runtime";
import type { Wire } from "../admin/admin.ts";
import { formatTable } from "./table.ts";

/** due = acknowledged + pending + dead + discarded + superseded, per delivery. */
export function deliveryTable(deliveries: readonly Wire<DeliveryStatus>[]): string {
  if (deliveries.length === 0) return "no deliveries";
  return formatTable(
    ["delivery", "to", "state", "due", "acknowledged", "pending", "dead", "discarded", "superseded"],
    deliveries.map((one) => [
      one.delivery,
      one.destination,
      one.state,
      one.due,
      one.acknowledged,
      one.pending,
      one.dead,
      one.discarded,
      one.superseded,
    ]),
  );
}
