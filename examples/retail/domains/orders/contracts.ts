// Online orders as events: each change of an order line is one event; the latest one counts.
import { contract, t } from "millrace";

export const OrderLine = contract("order_lines", {
  order_id: t.string().key(),
  line: t.int32().key().min(1),
  sku: t.string().pattern(/^SKU-[0-9]{5}$/),
  qty: t.int32().min(1),
  price: t.decimal(12, 2).min(0),
  status: t.enum("placed", "paid", "shipped", "cancelled"),
  ts: t.timestamp().version(),
});
