// What a row must be, written once: tables, checks, quarantine codes and the served API all follow from it.
import { check, contract, rule, t } from "millrace";

export const Sale = contract(
  "sales",
  {
    sale_id: t.string().key(),
    sold_at: t.timestamp(),
    store: t.enum("north", "south", "online"),
    sku: t.string().pattern(/^[A-Z]{2}-\d{4}$/),
    quantity: t.int32().min(1),
    price: t.decimal(12, 2).min(0),
    discount: t.decimal(12, 2).min(0).optional(),
    email: t.string().email().pii().optional(),
  },
  [rule("discount_below_price", check.compare("discount", "<=", "price"))],
);

export const PageView = contract("page_views", {
  view_id: t.uuid().key(),
  viewed_at: t.timestamp(),
  sku: t.string(),
});
