// The product catalogue: every other domain refers to its products.
import { contract, t } from "millrace";

export const Product = contract("products", {
  sku: t
    .string()
    .key()
    .pattern(/^SKU-[0-9]{5}$/),
  name: t.string().length({ min: 1, max: 80 }),
  category: t.enum("grocery", "household", "clothing", "electronics", "garden"),
  list_price: t.decimal(12, 2).min(0),
  supplier_email: t.string().email().optional().pii(),
  updated_at: t.timestamp().version(),
});
