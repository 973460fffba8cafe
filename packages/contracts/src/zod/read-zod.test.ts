// Zod schemas come in through their module: types and checks as far as Zod says them, code told as lost, a module that hangs stopped.
import { fileURLToPath } from "node:url";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@millrace/core";
import { expect, test } from "vitest";
import { writeContracts } from "../authoring/write-contract.ts";
import { importContracts } from "../import-contracts.ts";
import { importZod } from "./read-zod.ts";

test("schemas become contracts", async () => {
  const path = fileURLToPath(new URL("fixtures/order-schemas.ts", import.meta.url));
  const { contracts, losses } = await importContracts({ path, shown: "order-schemas.ts", clock: systemClock });
  expect(await writeContracts({ contracts, title: "From Zod." })).toMatchInlineSnapshot(`
    "// From Zod.
    import { clean, contract, t } from "millrace";

    export const OrderLine = contract(
      "order_line",
      {
        order_id: t.uuid(),
        line: t.int32().min(1),
        big: t.int64().min(0),
        price: t.decimal(18, 2).min(0),
        kind: t.enum("new", "used"),
        mail: t.string().optional().email(),
        note: t
          .string()
          .optional()
          .length({ max: 40 })
          .pattern(/^[^<>]*$/)
          .describe("What the buyer wrote."),
        paid: t.bool().clean(clean.default("false")),
        placed_at: t.timestamp(),
        seen: t.timestamp().optional(),
        tags: t.list(t.string()),
        address: t.struct({ street: t.string(), zip: t.string() }),
        even: t.float(),
        any: t.json().optional(),
        sku: t.string(),
      },
      [],
      { description: "A line of an order." },
    );
    "
  `);
  expect(losses.map(({ of, what }) => `${of}: ${what}`)).toMatchInlineSnapshot(`
    [
      "order_line.address: zip: minLength not enforced inside nested values",
      "order_line.even: it is a number without digits; float is taken",
      "order_line.any: several types (string, number); any JSON is taken",
      "order_line.even: refine() of Zod is code; write it as a rule",
      "order_line.sku: the pattern ^(?=A)AB uses (?=, which the warehouse does not know; it is left out",
    ]
  `);
});

test.each<[string, string, number?]>([
  ["for (;;) {}", "x.mjs:1: it did not finish loading within 400 ms.", 400],
  ["\n\nthrow new Error('no database');", "x.mjs:3: no database."],
  ["process.exit(0);", "x.mjs:1: its code ended the thread."],
  ["export const a = 1;", "x.mjs:1: it exports no z.object(...)"],
])("a module that cannot be read is refused: %j", async (text, problem, timeoutMs = 15_000) => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-zod-"));
  const path = join(folder, "x.mjs");
  writeFileSync(path, text);
  try {
    await expect(importZod({ path, shown: "x.mjs", clock: systemClock, timeoutMs }, () => undefined)).rejects.toThrow(
      problem,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
