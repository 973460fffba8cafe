// The budget follows the container, and the project can only lower it.
import { expect, it } from "vitest";
import { budgetOf, thisMachine } from "./budget.ts";
import { formatByteSize, parseByteSize } from "./byte-size.ts";

const GIB = 2 ** 30;
const machine = { memoryBytes: 16 * GIB, constrainedBytes: 2 ** 64, threads: 8 };

it("takes the smallest of machine, container and project", () => {
  expect(budgetOf(undefined, machine).memoryBytes).toBe(16 * GIB);
  expect(budgetOf(undefined, { ...machine, constrainedBytes: 2 * GIB })).toMatchObject({
    memoryBytes: 2 * GIB,
    warehouseBytes: Math.floor(0.8 * GIB),
  });
  expect(budgetOf({ memory: "1GiB", threads: 2 }, machine)).toMatchObject({ memoryBytes: GIB, threads: 2 });
  expect(budgetOf({ memory: "1TiB", threads: 99 }, machine)).toMatchObject({ memoryBytes: 16 * GIB, threads: 8 });
});

it("never goes below what the engines need", () => {
  expect(budgetOf({ memory: "1MB" }, machine).memoryBytes).toBe(256 * 2 ** 20);
  expect(budgetOf(undefined).threads).toBeLessThanOrEqual(thisMachine().threads);
});

it("reads and writes sizes as people do", () => {
  expect(["512MiB", "2GB", "1.5 gib", "10B"].map(parseByteSize)).toEqual([2 ** 29, 2e9, 1.5 * GIB, 10]);
  expect(["", "5", "MB", "-1MB", "1PB"].map(parseByteSize)).toEqual(Array(5).fill(undefined));
  expect([0, 1023, 1536, 20 * GIB].map(formatByteSize)).toEqual(["0 B", "1023 B", "1.5 KiB", "20 GiB"]);
});
