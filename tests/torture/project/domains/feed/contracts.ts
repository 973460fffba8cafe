// Tables that the REST API fills.
import { contract, t } from "millrace";

export const Entry = contract("entries", {
  id: t.string(),
  unit: t.string(),
  seq: t.int64(),
  amount: t.decimal(12, 2).min(0),
  note: t.string(),
});

export const Account = contract("accounts", {
  id: t.string().key(),
  version: t.int64().version(),
  unit: t.string(),
  seq: t.int64(),
  amount: t.decimal(12, 2).min(0),
  note: t.string(),
});
