// How busy the main thread is, which takes requests in: batch-pace.ts leaves it the processor when it needs it.
import { performance } from "node:perf_hooks";

/** Returns a function that gives the share of the time since its last call, 0 to 1, in which this thread was not waiting. */
export function threadShare(): () => number {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  };
}
