// Public surface of @millrace/quality: decides whether rows may pass.
export { compileValidator, type RowValidator } from "./validator/compile-validator.ts";
export { compileVerdict } from "./sql/compile-verdict.ts";
export { clockRules, type ClockRule } from "./sql/clock-rules.ts";
export { declaredRules, type DeclaredRule } from "./rules/declared-rules.ts";
export { describeRules, type RuleNote } from "./rules/describe-rules.ts";
export { readRecord } from "./validator/read-record.ts";
export { unknownToWarehouse } from "./rules/regular-expression.ts";
