// Conformance suites that every adapter of a port passes, and deterministic stand-ins for time and chance.
export * from "./manual-clock.ts";
export * from "./seeded-random.ts";
export { workbookOf, workbookParts, type CellValue, type SheetOf } from "./workbook-of.ts";
export { zipOf, type ZipMember } from "./zip-of.ts";
