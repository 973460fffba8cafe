// POST /ingest/orders.order_events
import { events } from "millrace";
import { OrderLine } from "./contracts.ts";

export const order_events = events({ into: OrderLine });
