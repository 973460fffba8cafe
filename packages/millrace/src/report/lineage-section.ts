// Lineage by column, as a table that can be read and searched: what each column comes from, and what depends on it.
import { html, nothing, type Html } from "./html.ts";
import { dataTable, fileOf } from "./page.ts";
import type { ColumnLink, ReportGraph } from "./report-graph.ts";

export function lineageSection({ columns }: ReportGraph, table: string): Html {
  const into = columns.filter(({ to }) => tableOf(to) === table);
  const outOf = columns.filter(({ from }) => tableOf(from) === table);
  return html`${links("What the columns come from", into, "to", "from")}${links("What depends on the columns", outOf, "from", "to")}`;
}

function links(caption: string, found: readonly ColumnLink[], own: "from" | "to", other: "from" | "to"): Html {
  if (found.length === 0) return nothing;
  const byColumn = [...Map.groupBy(found, (link) => link[own])];
  return html`<h3>${caption}</h3>
    ${dataTable(
      caption,
      [{ name: "Column" }, { name: own === "to" ? "Comes from" : "Goes into" }],
      byColumn.map(([column, members]) => [
        html`<code>${column.slice(column.lastIndexOf(".") + 1)}</code>`,
        html`<ul class="plain">
          ${members.map(
            (link) =>
              html`<li>
                <a href="${fileOf(tableOf(link[other]))}"><code>${link[other]}</code></a>
                <span class="soft">${link.uses.join(", ")}</span>
              </li>`,
          )}
        </ul>`,
      ]),
    )}`;
}

function tableOf(column: string): string {
  return column.slice(0, column.lastIndexOf("."));
}
