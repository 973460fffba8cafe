// Sales of the day: one row per sold line. A correction is the same txn_id with a later updated_at.
import { contract, t } from "millrace";

export const Sale = contract("sales", {
  txn_id: t.string().key(),
  store: t.int32().min(1).max(20),
  sku: t.string().pattern(/^SKU-[0-9]{5}$/),
  qty: t.int32().min(1).max(1000),
  amount: t.decimal(12, 2).min(0),
  ts: t.timestamp(),
  updated_at: t.timestamp().version(),
});
