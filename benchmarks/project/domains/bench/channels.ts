// The ways into the benchmark: events over HTTP, and files that fill a table before the measurement.
import { env, events, files, quietPeriod } from "millrace";
import { Appended, Merged } from "./contracts.ts";

export const append = events({ into: Appended });
export const merge = events({ into: Merged });

const history = { folder: env("BENCH_FILES"), ready: quietPeriod("100ms") } as const;
export const append_history = files("appended/*.parquet", { into: Appended, ...history });
export const merge_history = files("merged/*.parquet", { into: Merged, ...history });
