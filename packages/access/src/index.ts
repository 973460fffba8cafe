// Public surface of @millrace/access: who calls, and what they may do.
export * from "./permission.ts";
export * from "./principal.ts";
export * from "./token-authenticator.ts";
