// The page of one table: its columns with their rules, what the last batches showed, what waits in quarantine, and where its data goes.
import { describeType } from "@millrace/core";
import { figureChart, trendChart } from "./charts.ts";
import { graphSvg } from "./graph-svg.ts";
import { html, nothing, type Html } from "./html.ts";
import { lineageSection } from "./lineage-section.ts";
import { cards, dataTable, moment, page, percent, whole } from "./page.ts";
import { around, type Report, type ReportGraph } from "./report-graph.ts";

type Quality = Report["quality"][number];
type Contract = Report["contracts"][number];
type Rule = Quality["rules"][number];

export function tablePage(
  { project }: Report,
  graph: ReportGraph,
  { contract, quality }: { readonly contract: Contract; readonly quality: Quality },
): string {
  const { table, owner, passRate, quarantine, lastRun } = quality;
  const near = around(graph, table);
  const body = html`${owner === undefined ? nothing : html`<p>Owner: ${owner}</p>`}${cards([
      ["Rows that pass", percent(passRate)],
      ["Open in quarantine", whole(quarantine.open)],
      ["Held for a parent", whole(quarantine.held)],
      ["Re-admitted", whole(quarantine.readmitted)],
      ["Discarded", whole(quarantine.discarded)],
      ["Last run", moment(lastRun?.committedMs) || "none yet"],
    ])}
    <h2>Columns</h2>
    ${columns(contract, quality.rules)}
    <h2>Rules</h2>
    ${rules(quality.rules)}
    <h2>Last batches</h2>
    ${trend(quality)} ${figures(quality)}${samples(quality)}
    <h2>Lineage</h2>
    ${graphSvg(`What ${table} comes from and what depends on it`, near.nodes, near.edges)}${lineageSection(graph, table)}`;
  return page({ title: table, up: "../", project }, body);
}

function columns(contract: Contract, all: readonly Rule[]): Html {
  return dataTable(
    "Columns of the contract",
    [{ name: "Column" }, { name: "Type" }, { name: "Is" }, { name: "Rules" }, { name: "Meaning" }],
    contract.columns.map((column) => {
      const own = all.filter(
        (rule) => rule.columns.length === 1 && rule.columns[0] === column.name && rule.text !== "required",
      );
      const is = [
        ...(column.key ? ["key"] : []),
        column.required ? "required" : "optional",
        ...(column.pii ? ["personal"] : []),
        ...(column.version ? ["version"] : []),
      ];
      return [
        html`<code>${column.name}</code>`,
        html`<code>${describeType(column.type)}</code>`,
        html`${is.map((word) => html`<span class="tag">${word}</span> `)}`,
        html`<ul class="plain">
          ${own.map((rule) => html`<li><code>${rule.text === "" ? rule.code : rule.text}</code></li>`)}
        </ul>`,
        column.description ?? "",
      ];
    }),
  );
}

function rules(all: readonly Rule[]): Html {
  if (all.length === 0) return html`<p class="soft">The contract declares no rules.</p>`;
  return dataTable(
    "Rules and how the last batches did by them",
    [
      { name: "Code" },
      { name: "Rule" },
      { name: "Severity" },
      { name: "Passes", number: true },
      { name: "Failed", number: true },
      { name: "Judged", number: true },
      { name: "Last failure" },
    ],
    all.map((rule) => [
      html`<code>${rule.code}</code>`,
      html`<code>${rule.text}</code>${rule.description === undefined ? nothing : html`<br />${rule.description}`}`,
      rule.severity,
      rule.judges === "clock" ? html`<span class="soft">by the clock</span>` : percent(rule.passRate),
      whole(rule.failed),
      whole(rule.judged),
      lastFailure(rule),
    ]),
  );
}

function lastFailure({ lastFailure: last }: Rule): string {
  if (last === undefined) return "";
  return `batch ${last.batch}, ${moment(last.atMs)}${last.found === undefined ? "" : `: ${last.found}`}`;
}

function trend({ trend: batches }: Quality): Html {
  if (batches.length === 0) return html`<p class="soft">Nothing was loaded yet.</p>`;
  const table = dataTable(
    "The last batches, oldest first",
    [
      { name: "Batch" },
      { name: "Committed" },
      { name: "Channel" },
      ...["Received", "Accepted", "Quarantined", "Duplicate"].map((name) => ({ name, number: true })),
    ],
    batches.map((batch) => [
      String(batch.batch),
      moment(batch.committedMs),
      batch.channel,
      ...[batch.received, batch.accepted, batch.quarantined, batch.duplicate].map(whole),
    ]),
  );
  return html`${trendChart(batches)}
    <details>
      <summary>In numbers</summary>
      ${table}
    </details>`;
}

function figures({ figures: series }: Quality): Html {
  if (series.length === 0) return nothing;
  return html`<h2>Figures and what is usual</h2>
    ${series.map((one) => {
      const last = one.points.at(-1);
      const usual =
        last === undefined || last.low === null || last.high === null
          ? "no band yet"
          : `usual ${Number(last.low.toPrecision(6))} to ${Number(last.high.toPrecision(6))}`;
      return html`<h3><code>${one.code}</code>${one.dimension === "" ? nothing : html` of ${one.dimension}`}</h3>
        <p class="soft">
          last ${last === undefined ? "" : Number(last.value.toPrecision(6))}, ${usual}, ${last?.state}
        </p>
        ${figureChart(one)}`;
    })}`;
}

function samples({ samples: rows }: Quality): Html {
  if (rows.length === 0) return nothing;
  return html`<h2>Rows that failed</h2>
    ${dataTable(
      "Newest rows that wait in quarantine; personal data is hidden",
      [{ name: "Row" }, { name: "State" }, { name: "Why" }, { name: "Record" }],
      rows.map((row) => [
        `${row.batch}:${row.row}`,
        row.state,
        html`<ul class="plain">
          ${row.reasons.map((reason) => html`<li>${reason}</li>`)}
        </ul>`,
        html`<pre>${shortened(row.original)}</pre>`,
      ]),
    )}`;
}

/** Records of any size may stand in quarantine. */
function shortened(text: string): string {
  const max = 1_000;
  return text.length <= max ? text : `${text.slice(0, max)}… (${whole(text.length)} characters)`;
}
