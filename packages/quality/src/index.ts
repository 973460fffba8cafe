// Public surface of @millrace/quality: decides whether rows may pass.
export { compileValidator, type RowValidator } from "./compile-validator.ts";
export { compileVerdict } from "./compile-verdict.ts";
export { readRecord } from "./read-record.ts";
