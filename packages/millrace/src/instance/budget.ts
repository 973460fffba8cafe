// How much memory and how many threads this process may use: the container's limits, lowered by what the project asks for.
import { availableParallelism, totalmem } from "node:os";
import type { ProjectConfig } from "@millrace/core";
import { parseByteSize } from "./byte-size.ts";

export interface Budget {
  readonly memoryBytes: number;
  /** Share of the warehouse: its process can use twice its limit, so it gets 40 % of the whole. */
  readonly warehouseBytes: number;
  /** Share of the answers that are kept in memory. */
  readonly cacheBytes: number;
  readonly threads: number;
}

/** What the machine offers; a parameter so that tests can be a container. */
export interface Machine {
  readonly memoryBytes: number;
  /** The control group's limit; anything above the memory means that there is none. */
  readonly constrainedBytes: number;
  readonly threads: number;
}

const MIB = 2 ** 20;
const WAREHOUSE_SHARE = 0.4;
const CACHE_SHARE = 0.05;
const CACHE_BYTES_MAX = 256 * MIB;
/** Below this an engine fails in ways that nobody understands; a lower setting is raised to it. */
const MEMORY_BYTES_MIN = 256 * MIB;

/**
 * What Node tells of the machine and its control group. The memory limit of version 1 is seen; a processor quota of version 1 is not, so `threads` may
 * be more than a container has: `limits.threads` sets it. Version 2 was not tried.
 */
export function thisMachine(): Machine {
  return { memoryBytes: totalmem(), constrainedBytes: process.constrainedMemory(), threads: availableParallelism() };
}

export function budgetOf(limits: ProjectConfig["limits"], machine: Machine = thisMachine()): Budget {
  const constrained = machine.constrainedBytes > 0 ? machine.constrainedBytes : Number.POSITIVE_INFINITY;
  const wanted = limits?.memory === undefined ? undefined : parseByteSize(limits.memory);
  const allowed = Math.min(machine.memoryBytes, constrained, wanted ?? Number.POSITIVE_INFINITY);
  const memoryBytes = Math.max(allowed, MEMORY_BYTES_MIN);
  return {
    memoryBytes,
    warehouseBytes: Math.floor(memoryBytes * WAREHOUSE_SHARE),
    cacheBytes: Math.min(Math.floor(memoryBytes * CACHE_SHARE), CACHE_BYTES_MAX),
    threads: Math.max(1, Math.min(limits?.threads ?? machine.threads, machine.threads)),
  };
}
