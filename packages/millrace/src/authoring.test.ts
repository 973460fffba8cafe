// The vocabulary as authors meet it in their editor: the design's example has exact types, and what is wrong is wrong before it runs.
import { describe, expect, expectTypeOf, it } from "vitest";
import type { ContractDefinition } from "@millrace/core";
import {
  bearer,
  check,
  contract,
  cursor,
  defineProject,
  env,
  events,
  files,
  marker,
  rest,
  rule,
  secret,
  sql,
  t,
  type ProjectConfig,
  type RowOf,
} from "./index.ts";

const Promotion = contract(
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
  [
    rule("ends_after_start", sql`ends > starts`),
    rule("cheap_when_flash", check.when(check.oneOf("kind", "flash"), check.compare("price", "<", check.value(100)))),
  ],
);

describe("the design's example", () => {
  it("has the row type that its columns say", () => {
    expectTypeOf<RowOf<typeof Promotion>>().toEqualTypeOf<{
      readonly promo_id: string;
      readonly sku: string;
      readonly price: string;
      readonly starts: string;
      readonly ends: string;
      readonly kind: "weekly" | "flash";
      readonly contact: string | null;
    }>();
    expectTypeOf(Promotion).toExtend<ContractDefinition>();
  });

  it("refuses rules over columns that are not there, before anything runs", () => {
    // @ts-expect-error "prise" is no column
    const wrong = () => contract("c", { price: t.int32() }, [rule("r", check.compare("prise", ">", check.value(0)))]);
    expect(wrong).toThrow('there is no column "prise"; did you mean "price"?');
  });

  it("declares its channels as data", () => {
    const weekly = files("promotions/*.csv", { into: Promotion, ready: marker("_SUCCESS"), every: "on-arrival" });
    const flash = rest({
      baseUrl: env("MPTS_URL"),
      auth: bearer(secret("MPTS_TOKEN")),
      streams: {
        flash: { path: "/flash-sales", records: "$.data", page: cursor("$.next"), since: "ends", into: Promotion },
      },
      rateLimit: { requests: 10, perSeconds: 1 },
      every: "30s",
    });
    expect(structuredClone([weekly, flash, events({ into: Promotion })])).toMatchObject([
      { kind: "channel", connector: "files", every: "on-arrival", outputs: [{ stream: "default", write: "merge" }] },
      { kind: "channel", connector: "rest", every: "30s", outputs: [{ stream: "flash", write: "merge" }] },
      { kind: "channel", connector: "events", outputs: [{ stream: "default", write: "merge" }] },
    ]);
  });
});

describe("exact values stay exact in the types", () => {
  it("int64 is bigint, decimal is text, lists and structs nest", () => {
    const Order = contract("orders", {
      id: t.int64().key(),
      total: t.decimal(10, 2),
      tags: t.list(t.string()),
      address: t.struct({ city: t.string(), floor: t.int32().optional() }),
    });
    expectTypeOf<RowOf<typeof Order>>().toEqualTypeOf<{
      readonly id: bigint;
      readonly total: string;
      readonly tags: readonly string[];
      readonly address: { readonly city: string; readonly floor: number | null };
    }>();
  });
});

describe("what TypeScript refuses", () => {
  it("an unknown option, a wrong target, a wrong setting", () => {
    type FilesOptions = Parameters<typeof files>[1];
    type EventsOptions = Parameters<typeof events>[0];
    expectTypeOf<{ into: typeof Promotion }>().toExtend<FilesOptions>();
    expectTypeOf<{ into: "promotions" }>().not.toExtend<FilesOptions>();
    expectTypeOf<{ into: typeof Promotion; ready: "_SUCCESS" }>().not.toExtend<FilesOptions>();
    expectTypeOf<{ into: typeof Promotion; write: "upsert" }>().not.toExtend<EventsOptions>();
    expectTypeOf<{ name: string; server: { port: string } }>().not.toExtend<ProjectConfig>();
    expectTypeOf<keyof RowOf<typeof Promotion>>().not.toEqualTypeOf<string>();
    expectTypeOf(defineProject({ name: "shop" }).name).toEqualTypeOf<string>();
  });
});
