// Promotions: one contract, whichever way a promotion comes in.
import { check, contract, rule, t } from "millrace";

export const Promotion = contract(
  "promotions",
  {
    promo_id: t.string().key(),
    sku: t.string().references("catalog.products.sku"),
    price: t.decimal(12, 2).min(0),
    starts: t.timestamp(),
    ends: t.timestamp(),
    kind: t.enum("weekly", "flash"),
    contact: t.string().email().optional().pii(),
  },
  [rule("ends_after_start", check.compare("ends", ">", "starts"))],
);
