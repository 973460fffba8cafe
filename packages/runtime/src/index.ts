// Public surface of @millrace/runtime: loads batches and runs plans.
export * from "./platform.ts";
export type * from "./deliveries/delivery-types.ts";
export type * from "./quarantine/quarantine.ts";
export * from "./platform-parts.ts";
export * from "./platform-limits.ts";
export type { LineageReport } from "./plan/project-lineage.ts";
export * from "./plan/project-plan.ts";
export * from "./observe/logger.ts";
export * from "./observe/metrics.ts";
export type * from "./quality/project-report.ts";
export type * from "./quality/quality.ts";
export type { ClockVerdict } from "./quality/clock-judge.ts";
export { createPlatform } from "./platform-instance.ts";
export { ledgerFaults, type IntegrityFault } from "./load/ledger-integrity.ts";
export type * from "./row-tests/row-test.ts";
export { runRowTests, type RowTestParts } from "./row-tests/run-row-tests.ts";
