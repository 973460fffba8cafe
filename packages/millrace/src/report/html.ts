// HTML as a value: what is put into a template is text, and is escaped, unless it is HTML already. The only file of the report that writes markup from text.

export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | bigint | Html | readonly Part[] | undefined;

/** @example html`<td title="${hostile}">${count}</td>` */
export function html(parts: TemplateStringsArray, ...values: readonly Part[]): Html {
  return new Html(parts.reduce((text, part, at) => text + render(values[at - 1]) + part));
}

export const nothing = new Html("");

function render(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Html) return part.text;
  if (Array.isArray(part)) return part.map((one: Part) => render(one)).join("");
  return escapeText(String(part as string | number | bigint));
}

/** Also characters that nobody sees, or that turn the direction of what follows, as their numbers. */
function escapeText(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;")
    .replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, (char) =>
      char === "\n" || char === "\t" ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}
