// Tables that events fill.
import { contract, t } from "millrace";

export const Click = contract("clicks", {
  id: t.string(),
  unit: t.string(),
  amount: t.decimal(12, 2).min(0),
  note: t.string(),
});

export const Order = contract("orders", {
  id: t.string().key(),
  version: t.int64().version(),
  unit: t.string(),
  amount: t.decimal(12, 2).min(0),
  note: t.string(),
});

export const Payment = contract("payments", {
  id: t.string(),
  unit: t.string(),
  order_id: t.string().references("stream.orders.id"),
  amount: t.decimal(12, 2).min(0),
  note: t.string(),
});
