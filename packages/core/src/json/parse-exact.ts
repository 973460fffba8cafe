// The reader for stringifyExact's JSON: a number that JavaScript would round keeps its digits.

interface Source {
  readonly source?: string;
}

/** A number as its digits, where a JavaScript number would lose some (`JSON.rawJSON`); stringifyExact writes it back unchanged. */
export interface RawNumber {
  readonly rawJSON: string;
}

// TC39 "JSON.parse source text access": present in Node 24, not yet in TypeScript's library.
const json = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: unknown, context: Source) => unknown): unknown;
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
};

/** Like JSON.parse; integers beyond 2^53 become bigint, other numbers that would lose digits (`12.30`) become RawNumber. */
export function parseExact(text: string): unknown {
  return json.parse(text, (_key, value, { source }) => {
    if (typeof value !== "number" || source === undefined || saysAll(value, source)) return value;
    return /^-?[1-9]\d*$/.test(source) ? BigInt(source) : json.rawJSON(source);
  });
}

/** A whole number beyond 2^53 may be spelled like its source and still not be it: JavaScript spells the nearest one that it can tell apart. */
function saysAll(value: number, source: string): boolean {
  return String(value) === source && (Number.isSafeInteger(value) || !Number.isInteger(value));
}

export function isRawNumber(value: unknown): value is RawNumber {
  return json.isRawJSON(value);
}
