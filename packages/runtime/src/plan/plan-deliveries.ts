// The deliveries' part of a project plan: what is new, what changes, what is gone, and what does not fit its table.
import {
  deliveryName,
  toMillraceError,
  type DeliveryDefinition,
  type Destination,
  type ProjectDefinition,
  type StoredTable,
  type Warehouse,
} from "@millrace/core";
import type { ModelPlan } from "@millrace/transform";
import { deliveriesOf, findDestination, validateDelivery } from "../deliveries/delivery-set.ts";
import { columnOf, shapeOf } from "../deliveries/source-sql.ts";
import { toText } from "../load/sql-values.ts";
import { conflict } from "./plan-project.ts";
import type { PlannedChange } from "./project-plan.ts";

export interface DeliveryPlanParts {
  readonly warehouse: Warehouse;
  readonly destinations: readonly Destination[];
  /** Tables as they will be, where that is not what is stored. */
  readonly shapes: readonly StoredTable[];
  readonly models: ModelPlan;
}

export async function planDeliveries(
  { warehouse, destinations, shapes, models }: DeliveryPlanParts,
  { next, running }: { readonly next: ProjectDefinition; readonly running: ProjectDefinition | undefined },
): Promise<readonly PlannedChange[]> {
  const stored = await warehouse.query("SELECT delivery FROM millrace.deliveries");
  const known = new Set(stored.rows.map(([name]) => toText(name)));
  const before = new Map((running === undefined ? [] : deliveriesOf(running)).map((one) => [deliveryName(one), one]));
  const tables = [...shapes, ...(await warehouse.tables())];
  const changes: PlannedChange[] = [];
  for (const delivery of deliveriesOf(next)) {
    const name = deliveryName(delivery);
    try {
      validateDelivery(destinations, delivery);
      checkSource(delivery, findDestination(destinations, delivery), { tables, models });
    } catch (error) {
      changes.push(conflict("delivery", name, toMillraceError(error).toJSON()));
      continue;
    }
    const was = before.get(name);
    const to = `${delivery.from.domain}.${delivery.from.name} to ${delivery.destination}`;
    if (!known.has(name)) changes.push(change("create", name, `delivery ${name} starts: ${to}`));
    else if (was !== undefined && JSON.stringify(was) !== JSON.stringify(delivery))
      changes.push(change("change", name, `delivery ${name} goes on with its new declaration`));
    known.delete(name);
  }
  const names = new Set(deliveriesOf(next).map(deliveryName));
  const gone = [...known].filter((name) => !names.has(name));
  return [
    ...changes,
    ...gone.map((name) => change("retire", name, `delivery ${name} is no longer in the project; what is due stays`)),
  ];
}

function change(action: PlannedChange["action"], name: string, summary: string): PlannedChange {
  return { action, subject: "delivery", name, summary };
}

/** What can be known before the source is there: a table has its columns by contract; a model that was never built has none yet. */
function checkSource(
  delivery: DeliveryDefinition,
  destination: Destination,
  { tables, models }: { readonly tables: readonly StoredTable[]; readonly models: ModelPlan },
): void {
  const { domain, name } = delivery.from;
  const table = tables.find((one) => one.domain === domain && one.name === name);
  const model = models.models.find((one) => one.domain === domain && one.name === name);
  // A model that is built anew may get other columns: it is looked at when it is there.
  if (table === undefined || (model !== undefined && table.kind !== "view")) return;
  const { columns } = shapeOf(delivery, table, false);
  for (const used of destination.columns(delivery)) columnOf(delivery, used, columns);
}
