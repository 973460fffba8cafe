// A secret in memory. However it is printed, logged or serialised, it shows as [secret]; only `reveal` gives it out.
import { inspect } from "node:util";
import type { SecretValue } from "@millrace/core";

const shown = "[secret]";

export class SealedValue implements SecretValue {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  [Symbol.toPrimitive](): string {
    return shown;
  }

  [inspect.custom](): string {
    return shown;
  }
}
