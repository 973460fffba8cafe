// Weekly promotions as files, flash sales from a REST feed; both into the same table under the same rules.
import { bearer, cursor, env, files, marker, rest, secret } from "millrace";
import { Promotion } from "./contracts.ts";

export const weekly = files("promotions/*.csv", {
  folder: env("RETAIL_DROPS", "drops"),
  into: Promotion,
  ready: marker("_SUCCESS"),
  every: "on-arrival",
});

export const flash = rest({
  baseUrl: env("RETAIL_API"),
  auth: bearer(secret("RETAIL_TOKEN")),
  streams: {
    flash: { path: "/flash-sales", records: "$.data", page: cursor("$.next"), into: Promotion },
  },
  rateLimit: { requests: 100, perSeconds: 1 },
  every: "30s",
});
