// The page of one model: its columns with what they come from, its statement, and its place among the others.
import { graphSvg } from "./graph-svg.ts";
import { html } from "./html.ts";
import { lineageSection } from "./lineage-section.ts";
import { cards, dataTable, page, whole } from "./page.ts";
import { around, type Report, type ReportGraph } from "./report-graph.ts";

export function modelPage({ project }: Report, graph: ReportGraph, model: Report["models"][number]): string {
  const { name, materialize, columns, text } = model;
  const near = around(graph, name);
  const body = html`${cards([
      ["Model", materialize],
      ["Columns", whole(columns.length)],
    ])}
    <h2>Columns</h2>
    ${dataTable(
      "Columns of the result",
      [{ name: "Column" }, { name: "Type" }],
      columns.map((column) => [html`<code>${column.name}</code>`, html`<code>${column.engineType}</code>`]),
    )}
    <h2>Lineage</h2>
    ${graphSvg(`What ${name} comes from and what depends on it`, near.nodes, near.edges)}${lineageSection(graph, name)}
    <h2>Statement</h2>
    <div class="wide" role="region" aria-label="Statement" tabindex="0"><pre>${text}</pre></div>`;
  return page({ title: name, up: "../", project }, body);
}
