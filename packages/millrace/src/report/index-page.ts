// The first page of the report: what there is, how good it is, and how it hangs together.
import { graphSvg } from "./graph-svg.ts";
import { html, nothing, type Html } from "./html.ts";
import { cards, dataTable, fileOf, moment, page, percent, whole } from "./page.ts";
import { domainOf, overview, type Report, type ReportGraph } from "./report-graph.ts";

type Quality = Report["quality"][number];

export function indexPage(report: Report, graph: ReportGraph): string {
  const { quality, models, project } = report;
  const sum = (of: (table: Quality) => number | bigint): bigint =>
    quality.reduce((total, table) => total + BigInt(of(table)), 0n);
  const rows = quality.flatMap(({ trend }) => trend);
  const accepted = rows.reduce((total, batch) => total + batch.accepted, 0);
  const judged = accepted + rows.reduce((total, batch) => total + batch.quarantined, 0);
  const failing = sum(({ failing: codes }) => codes.length);
  const { nodes, edges } = overview(graph);
  const body = html`${cards([
      ["Rows that pass", percent(judged === 0 ? null : accepted / judged)],
      [
        "Rules that fail",
        failing === 0n ? html`<span class="good">none</span>` : html`<span class="bad">${whole(failing)}</span>`,
      ],
      ["Waiting in quarantine", whole(sum(({ quarantine }) => BigInt(quarantine.open) + BigInt(quarantine.held)))],
      ["Tables", whole(quality.length)],
      ["Models", whole(models.length)],
    ])}
    <h2>Lineage</h2>
    ${graphSvg("Where the data comes from and goes to", nodes, edges)}
    <h2>Tables</h2>
    ${domains(quality)}
    ${
      models.length === 0
        ? nothing
        : html`<h2>Models</h2>
            ${modelTable(report)}`
    }`;
  return page({ title: `Data of ${project}`, up: "", project }, body);
}

function domains(quality: readonly Quality[]): readonly Html[] {
  const found = [...Map.groupBy(quality, ({ table }) => domainOf(table))];
  return found.map(
    ([domain, tables]) =>
      html`<details open id="${domain}">
        <summary>${domain} (${tables.length})</summary>
        ${dataTable(
          `Tables of ${domain}${tables[0]?.owner === undefined ? "" : `, owner ${tables[0].owner}`}`,
          [
            { name: "Table" },
            { name: "Rows that pass", number: true },
            { name: "Fails now" },
            { name: "Rules", number: true },
            { name: "Open", number: true },
            { name: "Held", number: true },
            { name: "Last run" },
          ],
          tables.map(({ table, passRate, failing, rules, quarantine, lastRun }) => [
            html`<a href="tables/${fileOf(table)}">${table}</a>`,
            percent(passRate),
            failing.length === 0
              ? html`<span class="good">nothing</span>`
              : html`<span class="bad">${failing.join(", ")}</span>`,
            rules.length,
            whole(quarantine.open),
            whole(quarantine.held),
            moment(lastRun?.committedMs),
          ]),
        )}
      </details> `,
  );
}

function modelTable({ models, lineage }: Report): Html {
  const inputs = new Map(lineage.map(({ name, inputs: read }) => [name, read]));
  return dataTable(
    "Models, each made from other tables",
    [{ name: "Model" }, { name: "Kind" }, { name: "Reads" }, { name: "Columns", number: true }],
    models.map(({ name, materialize, columns }) => [
      html`<a href="tables/${fileOf(name)}">${name}</a>`,
      materialize,
      html`${(inputs.get(name) ?? []).join(", ")}`,
      columns.length,
    ]),
  );
}
