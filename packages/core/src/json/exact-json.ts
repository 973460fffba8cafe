// JSON text that keeps every digit: bigint becomes a plain JSON number.

// TC39 "JSON.parse source text access": present in Node 24, not yet in TypeScript's library.
const withRaw = JSON as unknown as { rawJSON(text: string): unknown };

/** Like JSON.stringify; bigint values are written as their digits, undefined fields are left out. */
export function stringifyExact(value: unknown, indent?: number): string {
  return JSON.stringify(value, bigintAsDigits, indent);
}

function bigintAsDigits(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? withRaw.rawJSON(String(value)) : value;
}
