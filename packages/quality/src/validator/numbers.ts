// Exact numbers: a JavaScript number while it is safe, else a bigint, so that equal values are identical (`===`).

export type Exact = number | bigint;

export function exact(value: bigint): Exact {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

const powers = Array.from({ length: 16 }, (_, at) => 10 ** at);

/** `value` times ten to the power of `places`. */
export function shifted(value: Exact, places: number): Exact {
  if (places === 0) return value;
  const power = powers[places];
  if (typeof value === "number" && power !== undefined) {
    const product = value * power;
    if (Number.isSafeInteger(product)) return product;
  }
  return exact(BigInt(value) * 10n ** BigInt(places));
}

export function plus(a: Exact, b: Exact): Exact {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return exact(BigInt(a) + BigInt(b));
}

export function times(a: Exact, b: Exact): Exact {
  if (typeof a === "number" && typeof b === "number") {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product === 0 ? 0 : product;
  }
  return exact(BigInt(a) * BigInt(b));
}

export function isMultiple(value: Exact, step: Exact): boolean {
  if (typeof value === "number" && typeof step === "number") return value % step === 0;
  return BigInt(value) % BigInt(step) === 0n;
}

/** `12.3` at scale 2 is 1230; further digits are cut off. */
export function scaled(text: string, scale: number): Exact {
  const [whole = "0", fraction = ""] = text.replace(/^[+-]/, "").split(".");
  const digits = whole + fraction.slice(0, scale).padEnd(scale, "0");
  const value = digits.length <= 15 ? Number(digits) : exact(BigInt(digits));
  return text.startsWith("-") && value !== 0 ? -value : value;
}
