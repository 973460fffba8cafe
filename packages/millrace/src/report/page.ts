// What all pages of the report share: their frame, tables, and how figures and moments are written.
import { Html, html, nothing } from "./html.ts";
import { style } from "./style.ts";

/** Written into the first line of each page; a folder whose index begins so may be written again. */
export const marker = "<!-- written by millrace docs -->";

/** @param up `../` on pages below the first */
export function page(
  of: { readonly title: string; readonly up: string; readonly project: string },
  body: Html,
): string {
  const { title, up, project } = of;
  const back = up === "" ? nothing : html`<nav aria-label="Report"><a href="${up}index.html">${project}</a></nav>`;
  // Nothing may be loaded or run, whatever the texts of this page say.
  const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
  return `${marker}\n<!doctype html>\n${
    html`<html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <title>${title} - ${project}</title>
        <style>
          ${new Html(style)}
        </style>
      </head>
      <body>
        <a class="skip" href="#main">To the content</a>
        <header>
          ${back}
          <h1>${title}</h1>
        </header>
        <main id="main">${body}</main>
        <footer>Written by millrace docs. Times are UTC.</footer>
      </body>
    </html> `.text
  }`;
}

export interface TableColumn {
  readonly name: string;
  readonly number?: boolean;
}

/** A table that scrolls sideways by itself; the first cell of a row is its head. */
export function dataTable(
  caption: string,
  columns: readonly TableColumn[],
  rows: readonly (readonly (Html | string | number | bigint)[])[],
): Html {
  const kind = (at: number): string => (columns[at]?.number === true ? "n" : "");
  const head = columns.map(({ name }, at) => html`<th scope="col" class="${kind(at)}">${name}</th>`);
  const line = (cells: readonly (Html | string | number | bigint)[]): Html =>
    html`<tr>
      ${cells.map((cell, at) =>
        at === 0 ? html`<th scope="row">${cell}</th>` : html`<td class="${kind(at)}">${cell}</td>`,
      )}
    </tr> `;
  return html`<div class="wide" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${rows.map(line)}
      </tbody>
    </table>
  </div>`;
}

export function cards(values: readonly (readonly [string, Html | string])[]): Html {
  return html`<ul class="cards">
    ${values.map(([name, value]) => html`<li><span class="soft">${name}</span><b>${value}</b></li>`)}
  </ul>`;
}

/** Never 100 % while something failed. */
export function percent(rate: number | null): Html {
  if (rate === null) return html`<span class="soft">no rows yet</span>`;
  const text = rate === 1 ? "100" : Math.min(99.99, Math.floor(rate * 10_000) / 100).toFixed(2);
  return html`<span class="${rate === 1 ? "good" : rate < 0.95 ? "bad" : "wait"}">${text} %</span>`;
}

export function moment(ms: number | undefined): string {
  return ms === undefined || Number.isNaN(ms) ? "" : new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}

/** With thin groups of three: 1 234 567. */
export function whole(value: number | bigint): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

/** File of a table's or model's page, beside the others. Names are identifiers; anything else would not leave its folder either. */
export function fileOf(name: string): string {
  return `${name.replace(/[^A-Za-z0-9_.-]/g, "_")}.html`;
}
