// The graph behind the report: channels, tables and models with what fills them, whole, around one of them, or by domain; and the same by column.
import type { ProjectReport } from "@millrace/runtime";
import type { Wire } from "../admin/admin.ts";
import type { GraphEdge } from "./graph-layout.ts";
import type { GraphNode } from "./graph-svg.ts";
import { fileOf } from "./page.ts";

export type Report = Wire<ProjectReport>;
type Table = Report["lineage"][number];

export interface ColumnLink {
  /** `domain.table.column` */
  readonly from: string;
  readonly to: string;
  readonly uses: readonly string[];
}

export interface ReportGraph {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly edges: readonly GraphEdge[];
  /** Columns that go into columns of models, by either end's table. */
  readonly columns: readonly ColumnLink[];
}

/** Beyond this many boxes nobody follows a picture. */
const nodesMax = 120;

export function graphOf(report: Report): ReportGraph {
  const failing = new Set(report.quality.filter((table) => table.failing.length > 0).map(({ table }) => table));
  const nodes = new Map<string, GraphNode>();
  const edges: GraphEdge[] = [];
  for (const table of report.lineage) {
    nodes.set(table.name, {
      name: table.name,
      kind: table.kind,
      href: fileOf(table.name),
      failing: failing.has(table.name),
    });
    for (const channel of table.channels) {
      const name = `channel ${channel.name}`;
      nodes.set(name, { name, kind: channel.connector });
      edges.push({ from: name, to: table.name });
    }
    for (const input of table.inputs) edges.push({ from: input, to: table.name });
  }
  return { nodes, edges, columns: report.lineage.flatMap(columnLinks) };
}

function columnLinks({ name, lineage }: Table): ColumnLink[] {
  return (lineage?.columns ?? []).flatMap((column) =>
    column.sources.map((source) => ({
      from: `${source.table}.${source.column}`,
      to: `${name}.${column.name}`,
      uses: source.uses,
    })),
  );
}

/** All of it, or where that would be too much one box per domain. */
export function overview(graph: ReportGraph): {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
} {
  const nodes = [...graph.nodes.values()].map((node) =>
    node.href === undefined ? node : { ...node, href: `tables/${node.href}` },
  );
  if (nodes.length <= nodesMax) return { nodes, edges: graph.edges };
  const domains = Map.groupBy(
    nodes.filter(({ href }) => href !== undefined),
    ({ name }) => domainOf(name),
  );
  const edges = graph.edges
    .filter(({ from }) => graph.nodes.get(from)?.href !== undefined)
    .map(({ from, to }) => ({ from: domainOf(from), to: domainOf(to) }));
  const distinct = new Map(edges.filter(({ from, to }) => from !== to).map((edge) => [JSON.stringify(edge), edge]));
  return {
    nodes: [...domains].slice(0, nodesMax).map(([name, members]) => ({
      name,
      kind: `${members.length} tables and models`,
      href: `#${name}`,
      failing: members.some((member) => member.failing === true),
    })),
    edges: [...distinct.values()],
  };
}

/** What a table comes from and what depends on it, two steps each way, nearest first. */
export function around(
  graph: ReportGraph,
  name: string,
): { readonly nodes: readonly GraphNode[]; readonly edges: readonly GraphEdge[] } {
  const found = new Set([name]);
  for (const forward of [true, false]) {
    let edge = [name];
    for (let step = 0; step < 2; step += 1) {
      const here = new Set(edge);
      edge = graph.edges.flatMap(({ from, to }) => {
        const [near, far] = forward ? [from, to] : [to, from];
        return here.has(near) ? [far] : [];
      });
      for (const one of edge) if (found.size < nodesMax) found.add(one);
    }
  }
  const nodes = [...graph.nodes.values()].filter((node) => found.has(node.name));
  return {
    nodes: nodes.map((node) => ({ ...node, here: node.name === name })),
    edges: graph.edges.filter(({ from, to }) => found.has(from) && found.has(to)),
  };
}

export function domainOf(name: string): string {
  return name.slice(0, Math.max(0, name.indexOf(".")));
}
