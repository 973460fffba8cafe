// A map that forgets its oldest entries when it is full.

export class BoundedMap<Value> {
  readonly #entriesMax: number;
  readonly #keyCharsMax: number;
  readonly #entries = new Map<string, Value>();

  constructor(bounds: { readonly entriesMax: number; readonly keyCharsMax: number }) {
    this.#entriesMax = bounds.entriesMax;
    this.#keyCharsMax = bounds.keyCharsMax;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  /** Keys longer than the bound are not kept. */
  set(key: string, value: Value): void {
    if (key.length > this.#keyCharsMax) return;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#entriesMax) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      break;
    }
  }
}
