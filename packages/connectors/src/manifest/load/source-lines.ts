// Remembers on which line of its file each part of a manifest stands, also after references were resolved and parts were copied.

/** A JSON object as manifests hold them. */
export type Component = { [key: string]: unknown };

interface Place {
  readonly line: number;
  /** Lines of the keys; a list has the lines of its items. */
  readonly keys: ReadonlyMap<string, number>;
}

export class SourceLines {
  /** Path or address of the manifest, for messages. */
  readonly file: string;
  readonly #places = new WeakMap<object, Place>();

  constructor(file: string) {
    this.file = file;
  }

  set(part: object, line: number, keys: ReadonlyMap<string, number>): void {
    this.#places.set(part, { line, keys });
  }

  /** The copy stands where its original does; keys that a reference brought in keep the lines of their own. */
  copied(copy: object, ...originals: readonly object[]): void {
    const places = originals.map((original) => this.#places.get(original)).filter((place) => place !== undefined);
    const [first] = places;
    if (first === undefined) return;
    if (places.length === 1) {
      this.#places.set(copy, first);
      return;
    }
    this.#places.set(copy, { line: first.line, keys: new Map(places.toReversed().flatMap(({ keys }) => [...keys])) });
  }

  lineOf(part: unknown, key?: string): number | undefined {
    const place = typeof part === "object" && part !== null ? this.#places.get(part) : undefined;
    return (key === undefined ? undefined : place?.keys.get(key)) ?? place?.line;
  }

  /** `source-x.yaml:41`. */
  at(part: unknown, key?: string): string {
    const line = this.lineOf(part, key);
    return line === undefined ? this.file : `${this.file}:${line}`;
  }
}

export function isComponent(value: unknown): value is Component {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.getPrototypeOf(value) === Object.prototype
  );
}
