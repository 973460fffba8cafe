// Stock goes back to the order management system, which must not promise what is not there.
import { bearer, delivery, env, secret, toRest } from "millrace";

export const oms_stock = delivery({
  from: "stock_on_hand",
  key: ["warehouse", "sku"],
  columns: ["warehouse", "sku", "pieces"],
  to: toRest({
    baseUrl: env("RETAIL_OMS"),
    path: "/stock",
    auth: bearer(secret("RETAIL_TOKEN")),
    body: { stock: "{rows}" },
    count: { path: "/stock/count", at: "$.count" },
  }),
  batch: { rows: 500 },
  retry: { base: "100ms" },
});
