// Tables that files fill. Every row names the unit that it came with, so that a half visible one is seen.
import { contract, t } from "millrace";

export const Line = contract("lines", {
  id: t.string(),
  unit: t.string(),
  amount: t.decimal(12, 2).min(0),
  note: t.string(),
});

export const Price = contract("prices", {
  id: t.string(),
  unit: t.string(),
  amount: t.decimal(12, 2).min(0),
  note: t.string(),
});

export const Stock = contract("stock", {
  id: t.string().key(),
  version: t.int64().version(),
  unit: t.string(),
  amount: t.decimal(12, 2).min(0),
  note: t.string(),
});
