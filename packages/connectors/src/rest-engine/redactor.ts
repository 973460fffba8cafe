// Takes secrets out of text before it reaches an error or a log: as they are, percent-encoded, and as base64.

const mask = "[secret]";

export class Redactor {
  readonly #forms = new Set<string>();

  /** Everything that goes through `clean` from now on loses this value. */
  add(value: string): void {
    if (value === "") return;
    const escaped = JSON.stringify(value).slice(1, -1);
    const forms = [value, encodeURIComponent(value), escaped, base64(value), base64(value).replace(/=+$/, "")];
    for (const form of forms) this.#forms.add(form);
  }

  holds(text: string): boolean {
    return [...this.#forms].some((form) => text.includes(form));
  }

  clean(text: string): string {
    // Longer forms first: a short one may be part of a longer one.
    const forms = [...this.#forms].sort((a, b) => b.length - a.length);
    return forms.reduce((cleaned, form) => cleaned.replaceAll(form, mask), text);
  }
}

export function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
