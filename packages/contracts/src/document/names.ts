// Names of other systems as names that a contract may have; the source's own spelling stays as the field that is read.

const lengthMax = 63;

/** A valid name that is like `text`: letters, digits and _, not taken yet. */
export function validName(text: string, taken: ReadonlySet<string> = new Set()): string {
  const letters = text.normalize("NFKD").replaceAll(/\p{M}/gu, "");
  const words = letters
    .replaceAll(/[^A-Za-z0-9_]+/g, "_")
    .replace(/^_+/, "")
    .slice(0, lengthMax - 7);
  const base = /^[A-Za-z]/.test(words) && words.toLowerCase() !== "rowid" ? words : `column_${words}`;
  for (let count = 1; ; count += 1) {
    const end = count === 1 ? "" : `_${count}`;
    const name = base.slice(0, lengthMax - end.length) + end;
    if (!taken.has(name.toLowerCase())) return name;
  }
}

/** Gives out names once each, without regard to case. */
export class TakenNames {
  readonly #taken = new Set<string>();

  take(text: string): string {
    const name = validName(text, this.#taken);
    this.#taken.add(name.toLowerCase());
    return name;
  }
}
