// What a value of a statement comes from: columns of its inputs, each with how it counts. Kinds are those of OpenLineage's column lineage facet (1.2):
// https://openlineage.io/docs/spec/facets/dataset-facets/column_lineage_facet. relations.ts and expressions.ts put them together.

/** Direct: the value itself goes in, as it is, changed, or as one of many. Indirect: the value decides whether, where or in which order. */
export type SourceUse =
  "identity" | "transformation" | "aggregation" | "join" | "group_by" | "filter" | "sort" | "window" | "conditional";

const rank: Readonly<Record<SourceUse, number>> = {
  identity: 0,
  transformation: 1,
  aggregation: 2,
  conditional: 3,
  window: 3,
  join: 3,
  group_by: 3,
  filter: 3,
  sort: 3,
};

export function isDirect(use: SourceUse): boolean {
  return rank[use] < 3;
}

/** Uses by column of an input. Never changed after it was made. */
export class Sources {
  static readonly none = new Sources(new Map());
  /** Key: input, NUL, column in lower case. */
  readonly #uses: ReadonlyMap<string, ReadonlySet<SourceUse>>;

  private constructor(uses: ReadonlyMap<string, ReadonlySet<SourceUse>>) {
    this.#uses = uses;
  }

  static column(table: string, column: string): Sources {
    return new Sources(new Map([[`${table}\0${column}`, new Set<SourceUse>(["identity"])]]));
  }

  static union(all: readonly Sources[]): Sources {
    const filled = all.filter((one) => one.#uses.size > 0);
    const [only] = filled;
    if (filled.length < 2) return only ?? Sources.none;
    const uses = new Map<string, Set<SourceUse>>();
    for (const one of filled)
      for (const [key, kinds] of one.#uses) {
        const known = uses.get(key) ?? new Set<SourceUse>();
        for (const kind of kinds) known.add(kind);
        uses.set(key, known);
      }
    return new Sources(uses);
  }

  /** The same columns one step further: what was used directly is used so now; what only decided something still does. */
  as(use: SourceUse): Sources {
    if (use === "identity" || this.#uses.size === 0) return this;
    const further = (kind: SourceUse): SourceUse => (isDirect(kind) && rank[kind] <= rank[use] ? use : kind);
    return new Sources(new Map([...this.#uses].map(([key, kinds]) => [key, new Set([...kinds].map(further))])));
  }

  get size(): number {
    return this.#uses.size;
  }

  /** Sorted by input and column, uses in the order of `rank`. */
  list(): readonly { readonly table: string; readonly column: string; readonly uses: readonly SourceUse[] }[] {
    return [...this.#uses]
      .map(([key, kinds]) => {
        const [table = "", column = ""] = key.split("\0");
        return { table, column, uses: [...kinds].sort((a, b) => rank[a] - rank[b] || (a < b ? -1 : 1)) };
      })
      .sort((a, b) => (a.table === b.table ? compare(a.column, b.column) : compare(a.table, b.table)));
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
