// Events that are appended, events that are merged, and events that wait for their parent.
import { events } from "millrace";
import { Click, Order, Payment } from "./contracts.ts";

export const clicks = events({ into: Click, write: "append" });
export const orders = events({ into: Order });
export const payments = events({ into: Payment, write: "append" });
