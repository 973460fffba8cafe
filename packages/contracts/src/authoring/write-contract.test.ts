// A written contract file, run, declares the same contract again; and it is laid out as the formatter wants it.
import { check, clean, contract, rule, sql, t, type ContractDefinition } from "@millrace/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryContract } from "../testing/arbitrary-contract.ts";
import { format, writeContracts } from "./write-contract.ts";

const authoring = { check, clean, contract, rule, sql, t };

/** Runs the text of a contract file. */
function declared(text: string): Record<string, ContractDefinition> {
  const body = text.replaceAll(/^import .*$/gm, "").replaceAll(/^export const (\w+) =/gm, "found.$1 =");
  const found: Record<string, ContractDefinition> = {};
  // oxlint-disable-next-line no-implied-eval, typescript/no-implied-eval -- the text under test is what a person would run
  new Function("found", ...Object.keys(authoring), body)(found, ...Object.values(authoring));
  return found;
}

test("what is written declares the same contract", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryContract, async (original) => {
      const text = await writeContracts({ contracts: [original], title: "Test." });
      const { Arbitrary } = declared(text);
      const { location: _here, ...again } = Arbitrary!;
      const { location: _there, ...first } = original;
      expect(again).toEqual(first);
      expect(await format(text)).toBe(text);
    }),
    { numRuns: 150 },
  );
});

test("a file reads as a person would write it", async () => {
  const Sale = contract(
    "shop_sales",
    {
      id: t.int64().key(),
      price: t.decimal(12, 2).min(0).max("99.50", { severity: "warn" }).optional(),
      kind: t
        .string()
        .oneOf("a", "b")
        .severity("warn")
        .named("kinds")
        .pattern(/^[a-z]+$/),
      path: t.string().pattern("a/b").from("Path name").pii(),
    },
    [
      rule("paid", sql`price > 0 OR kind = ${"a"}`, "Only a may be free."),
      rule("pairs", check.unique("kind", "path"), { severity: "warn" }),
    ],
    { odcs: { document: { team: { name: "sales" } } } },
  );
  expect(await writeContracts({ contracts: [Sale, Sale], title: "Two of a kind." })).toMatchInlineSnapshot(`
    "// Two of a kind.
    import { check, contract, rule, sql, t } from "millrace";

    export const ShopSales = contract(
      "shop_sales",
      {
        id: t.int64().key(),
        price: t
          .decimal(12, 2)
          .optional()
          .min(0)
          .max("99.50", { severity: "warn" }),
        kind: t
          .string()
          .oneOf("a", "b")
          .severity("warn")
          .named("kinds")
          .pattern(/^[a-z]+$/),
        path: t.string().from("Path name").pattern("a/b").pii(),
      },
      [
        rule("paid", sql\`price > 0 OR kind = 'a'\`, "Only a may be free."),
        rule("pairs", check.unique("kind", "path"), { severity: "warn" }),
      ],
      { odcs: { document: { team: { name: "sales" } } } },
    );

    export const ShopSales2 = contract(
      "shop_sales",
      {
        id: t.int64().key(),
        price: t
          .decimal(12, 2)
          .optional()
          .min(0)
          .max("99.50", { severity: "warn" }),
        kind: t
          .string()
          .oneOf("a", "b")
          .severity("warn")
          .named("kinds")
          .pattern(/^[a-z]+$/),
        path: t.string().from("Path name").pattern("a/b").pii(),
      },
      [
        rule("paid", sql\`price > 0 OR kind = 'a'\`, "Only a may be free."),
        rule("pairs", check.unique("kind", "path"), { severity: "warn" }),
      ],
      { odcs: { document: { team: { name: "sales" } } } },
    );
    "
  `);
});
