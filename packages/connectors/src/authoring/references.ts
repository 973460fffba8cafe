// `env()` and `secret()`: references that resolve when a channel opens, so that definitions hold no values.
import type { EnvRef, SecretRef } from "@millrace/core";

/** Plain text, or a reference to an environment setting. */
export type Setting = string | EnvRef;

/** A setting of the environment (an address, a folder); its value may be shown in plans and errors. `fallback` is used when it is not set. */
export function env(name: string, fallback?: string): EnvRef {
  return { $env: name, ...(fallback === undefined ? {} : { fallback }) };
}

/** A secret, by name; its value is looked up when it is needed and is never shown. */
export function secret(name: string): SecretRef {
  return { $secret: name };
}

export function isEnvRef(value: unknown): value is EnvRef {
  return typeof value === "object" && value !== null && typeof (value as EnvRef).$env === "string";
}

export function isSecretRef(value: unknown): value is SecretRef {
  return typeof value === "object" && value !== null && typeof (value as SecretRef).$secret === "string";
}
