// Sales come from a REST API during the day, newest changes only.
import { bearer, cursor, env, rest, secret } from "millrace";
import { Sale } from "./contracts.ts";

export const sales = rest({
  baseUrl: env("RETAIL_API"),
  auth: bearer(secret("RETAIL_TOKEN")),
  streams: {
    sales: {
      path: "/sales",
      params: { limit: 500 },
      records: "$.data",
      page: cursor("$.next"),
      since: { field: "updated_at", param: "updated_after" },
      into: Sale,
    },
  },
  rateLimit: { requests: 100, perSeconds: 1 },
  every: "30s",
});
