// The whole year as one compressed file; daily files may follow in the same folder.
import { env, files, quietPeriod } from "millrace";
import { InvoiceLine } from "./contracts.ts";

export const invoices = files("online-retail.csv.gz", {
  folder: env("ONLINE_RETAIL"),
  into: InvoiceLine,
  ready: quietPeriod("0s"),
  every: "on-arrival",
});
