// One API, two streams: numbered pages that are appended, and pages by cursor that are merged.
import { bearer, cursor, env, page, rest, secret } from "millrace";
import { Account, Entry } from "./contracts.ts";

export const api = rest({
  baseUrl: env("TORTURE_API"),
  auth: bearer(secret("TORTURE_TOKEN")),
  streams: {
    entries: {
      path: "/entries",
      records: "$.data",
      page: page({ size: 50, sizeParam: "size" }),
      since: { field: "seq", exclusive: true },
      into: Entry,
      write: "append",
    },
    accounts: { path: "/accounts", records: "$.data", page: cursor("$.next"), since: "seq", into: Account },
  },
  rateLimit: { requests: 100, perSeconds: 1 },
  retry: { attempts: 8, base: "20ms", cap: "200ms" },
  timeout: "5s",
  every: "400ms",
});
