// Tables that the API of shops fills.
import { contract, t } from "millrace";

export const Shop = contract("shops", { id: t.string().key() });

export const Order = contract("orders", {
  id: t.string().key(),
  version: t.int64().version(),
  shop: t.string(),
  made_at: t.int64(),
  amount: t.decimal(12, 2).min(0),
  note: t.string(),
});
