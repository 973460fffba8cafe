// Suites that every adapter of a port passes. Apart from ./index.ts because importing it needs vitest, which runs them.
export * from "./cache-conformance.ts";
export * from "./control-store-conformance.ts";
export * from "./event-log-conformance.ts";
export * from "./object-store-conformance.ts";
