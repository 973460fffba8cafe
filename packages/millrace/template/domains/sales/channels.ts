// The ways in. Every channel of a domain goes through the same contracts.
import { events, files, quietPeriod } from "millrace";
import { PageView, Sale } from "./contracts.ts";

/** CSV files that are put into drops/sales. */
export const daily = files("drops/sales/*.csv", { into: Sale, ready: quietPeriod("1s"), every: "on-arrival" });

/** POST /ingest/sales.page_views: one JSON object, an array of them, or NDJSON. */
export const page_views = events({ into: PageView });
