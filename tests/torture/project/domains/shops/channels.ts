// An API behind tokens that rotate: shops, and the orders of each shop, read in windows of time and pages by cursor.
import { cursor, env, oauth, offset, parent, rest, secret } from "millrace";
import { Order, Shop } from "./contracts.ts";

export const api = rest({
  baseUrl: env("TORTURE_SHOPS"),
  auth: oauth({
    tokenUrl: env("TORTURE_SHOPS_TOKEN_URL"),
    clientId: "torture",
    refreshToken: secret("TORTURE_REFRESH"),
  }),
  streams: {
    shops: { path: "/shops", records: "$.data", page: offset({ limit: 2 }), into: Shop },
    orders: {
      path: "/shops/{shop}/orders",
      records: "$.data",
      page: cursor("$.next"),
      partition: parent("shops", { key: "$.id", as: "shop" }),
      windows: {
        field: "made_at",
        start: process.env["TORTURE_SHOPS_START"] ?? "2026-01-01T00:00:00Z",
        step: "2s",
        from: "from",
        to: "to",
        format: "milliseconds",
      },
      into: Order,
    },
  },
  retry: { attempts: 8, base: "20ms", cap: "200ms" },
  timeout: "5s",
  every: "400ms",
});
