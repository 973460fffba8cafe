// Whether a golden stream proves enough: records, pages, partitions and a second sync, as far as the manifest declares them.
import type { GoldenStream, GoldenSync } from "./golden.ts";

const RECORDS_MIN = 3;

function longestWalk(sync: GoldenSync): number {
  const pages = new Map<number, number>();
  for (const { lane, for: purpose } of sync.exchanges) {
    if (lane !== null && purpose === "main") pages.set(lane, (pages.get(lane) ?? 0) + 1);
  }
  return Math.max(0, ...pages.values());
}

/** What a stream's golden lacks; empty when it proves what its manifest declares. */
export function coverageGaps({ shape, syncs, fault }: GoldenStream): readonly string[] {
  const [first, second] = syncs;
  if (fault !== undefined || first === undefined) return [`the reference does not read it: ${fault ?? "no sync"}`];
  const gaps: string[] = [];
  if (first.records.length < RECORDS_MIN) gaps.push(`${String(first.records.length)} records`);
  if (shape.paginates && longestWalk(first) < 2) gaps.push("one page");
  if (shape.partitions && first.partitions < 2) gaps.push(`${String(first.partitions)} partitions`);
  if (shape.incremental && second === undefined) gaps.push("no second sync");
  if (shape.incremental && second !== undefined && second.exchanges.length === 0)
    gaps.push("nothing asked in the second sync");
  return gaps;
}
