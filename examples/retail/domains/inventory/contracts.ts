// Stock movements: every warehouse numbers its own, so a repeated number is a repeated movement.
import { check, contract, rule, t } from "millrace";

export const Movement = contract(
  "movements",
  {
    warehouse: t.enum("north", "south", "east", "west").key(),
    seq: t.int64().key().version().min(1),
    sku: t.string().pattern(/^SKU-[0-9]{5}$/),
    delta: t.int32(),
    ts: t.timestamp(),
  },
  [rule("moves_something", check.compare("delta", "<>", check.value(0)))],
);
