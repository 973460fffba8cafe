// Events in over HTTP: how many per second are durable, and how long until they can be read.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Figure, SuiteOptions } from "../harness/figure.ts";
import { latency } from "./latency.ts";
import { throughput, type Throughput } from "./throughput.ts";

export async function* eventsSuite({
  seconds = 60,
  runs = 3,
  rows = 10_000_000,
  brief = false,
}: SuiteOptions): AsyncGenerator<Figure> {
  const short = { seconds: Math.max(runs, seconds / 6), runs };
  const sizes: readonly Throughput[] = [
    { size: 100, format: "json", seconds, runs, goal: 0.8 },
    { size: 100, format: "ndjson", ...short },
    { size: 1, format: "json", ...short },
    { size: 10, format: "json", ...short },
    { size: 1000, format: "json", ...short },
  ];
  const tests = brief ? sizes.slice(0, 2) : sizes;
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    for (const test of tests) yield* throughput(folder, test);
    for (const table of ["appended", "merged"] as const)
      yield* latency(folder, { table, rows, seconds: Math.max(2, seconds / 3) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
