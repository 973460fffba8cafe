// The events of the benchmark, as rows of their own and as the newest of each key.
import { contract, t } from "millrace";

const columns = {
  device: t.string().pattern("^dev-[0-9]{5}$"),
  kind: t.enum("open", "click", "view", "close"),
  amount: t.decimal(12, 2).min(0),
  happened_at: t.timestamp(),
  note: t.string().optional().length({ max: 100 }),
};

/** Every event is a row. */
export const Appended = contract("appended", { event_id: t.int64(), ...columns });

/** The newest event of a key is the row. */
export const Merged = contract("merged", { event_id: t.int64().key(), ...columns });
