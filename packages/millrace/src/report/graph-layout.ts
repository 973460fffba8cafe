// Places the nodes of a graph without cycles in layers, each to the right of what it comes from, with few crossings: longest path for the layer, then
// barycentres (Sugiyama, Tagawa, Toda: Methods for visual understanding of hierarchical system structures, 1981). The same graph gets the same places.

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
}

export interface Placed {
  readonly name: string;
  readonly layer: number;
  /** Place in its layer, from 0. */
  readonly place: number;
}

const sweeps = 4;

/** @param names each once; edges between others are left out, and an edge that would close a cycle does not count */
export function placeNodes(names: readonly string[], edges: readonly GraphEdge[]): readonly Placed[] {
  const sorted = [...names].sort();
  const known = new Set(sorted);
  const kept = edges.filter(({ from, to }) => from !== to && known.has(from) && known.has(to));
  const layerOf = layersOf(sorted, kept);
  const layers: string[][] = [];
  for (const name of sorted) (layers[layerOf.get(name) ?? 0] ??= []).push(name);
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    const forward = sweep % 2 === 0;
    const beside = neighboursOf(kept, forward);
    const order = forward ? layers.keys() : [...layers.keys()].reverse();
    for (const at of order) settle(layers, at, beside);
  }
  return layers.flatMap((layer, at) => layer.map((name, place) => ({ name, layer: at, place })));
}

function layersOf(names: readonly string[], edges: readonly GraphEdge[]): ReadonlyMap<string, number> {
  const sources = neighboursOf(edges, true);
  const layers = new Map<string, number>();
  const open = new Set<string>();
  const layer = (name: string): number => {
    const known = layers.get(name);
    if (known !== undefined) return known;
    if (open.has(name)) return -1;
    open.add(name);
    const found = 1 + Math.max(-1, ...(sources.get(name) ?? []).map(layer));
    open.delete(name);
    layers.set(name, found);
    return found;
  };
  for (const name of names) layer(name);
  return layers;
}

function neighboursOf(edges: readonly GraphEdge[], forward: boolean): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { from, to } of edges) {
    const [node, other] = forward ? [to, from] : [from, to];
    const list = found.get(node) ?? [];
    list.push(other);
    found.set(node, list);
  }
  return found;
}

function settle(layers: string[][], at: number, beside: ReadonlyMap<string, readonly string[]>): void {
  const layer = layers[at] ?? [];
  const places = new Map(
    layers.flatMap((names) => names.map((name, place) => [name, place / Math.max(1, names.length)])),
  );
  const centre = (name: string): number => {
    const others = beside.get(name) ?? [];
    if (others.length === 0) return places.get(name) ?? 0;
    return others.reduce((sum, other) => sum + (places.get(other) ?? 0), 0) / others.length;
  };
  const centres = new Map(layer.map((name) => [name, centre(name)]));
  layers[at] = [...layer].sort((a, b) => (centres.get(a) ?? 0) - (centres.get(b) ?? 0) || (a < b ? -1 : 1));
}
