// A graph of channels, tables and models as inline SVG: boxes with names and links, curves between them, and a text for those who do not see it.
import { placeNodes, type GraphEdge, type Placed } from "./graph-layout.ts";
import { html, nothing, type Html } from "./html.ts";

export interface GraphNode {
  readonly name: string;
  /** Second line: what it is. */
  readonly kind: string;
  readonly href?: string;
  readonly failing?: boolean;
  /** The node that the page is about. */
  readonly here?: boolean;
}

const box = { width: 190, height: 40, across: 70, down: 16, margin: 12, charsMax: 26 } as const;

/** @param title what the picture shows, in words */
export function graphSvg(title: string, nodes: readonly GraphNode[], edges: readonly GraphEdge[]): Html {
  if (nodes.length === 0) return nothing;
  const placed = placeNodes(
    nodes.map(({ name }) => name),
    edges,
  );
  const places = new Map(placed.map((one) => [one.name, positionOf(one)]));
  const width = Math.max(...[...places.values()].map(({ x }) => x)) + box.width + box.margin;
  const height = Math.max(...[...places.values()].map(({ y }) => y)) + box.height + box.margin;
  const curves = edges.flatMap(({ from, to }) => {
    const [a, b] = [places.get(from), places.get(to)];
    return a === undefined || b === undefined || from === to ? [] : [curve(a, b)];
  });
  const boxes = placed.flatMap(({ name }) => {
    const node = nodes.find((one) => one.name === name);
    const at = places.get(name);
    return node === undefined || at === undefined ? [] : [nodeBox(node, at)];
  });
  return html`<div class="wide" role="region" aria-label="${title}" tabindex="0">
    <svg role="group" aria-label="${title}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
      <title>${title}</title>
      ${curves}${boxes}
    </svg>
  </div>`;
}

interface Position {
  readonly x: number;
  readonly y: number;
}

function positionOf({ layer, place }: Placed): Position {
  return {
    x: box.margin + layer * (box.width + box.across),
    y: box.margin + place * (box.height + box.down),
  };
}

function curve(from: Position, to: Position): Html {
  const [x, y] = [from.x + box.width, from.y + box.height / 2];
  const bend = Math.max(20, (to.x - x) / 2);
  const end = to.y + box.height / 2;
  return html`<path class="edge" d="M${x} ${y} C${x + bend} ${y} ${to.x - bend} ${end} ${to.x} ${end}" /> `;
}

function nodeBox({ name, kind, href, failing, here }: GraphNode, { x, y }: Position): Html {
  const state = `${failing === true ? " failing" : ""}${here === true ? " here" : ""}`;
  const said = failing === true ? `${kind}, rules fail` : kind;
  const shown = name.length > box.charsMax ? `${name.slice(0, box.charsMax - 1)}…` : name;
  const content = html`<rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="8" /><text
      x="${x + 10}"
      y="${y + 17}"
      >${shown}</text
    ><text class="soft" x="${x + 10}" y="${y + 32}">${said}</text><title>${name}: ${said}</title>`;
  const linked = href === undefined ? content : html`<a href="${href}">${content}</a>`;
  return html`<g class="node${state}">${linked}</g> `;
}
