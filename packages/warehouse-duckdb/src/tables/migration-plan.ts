// What brings a stored table to another shape, as data: for each column where its values come from, what leaves, and what an author has to state before
// that may happen. migrate-table.ts carries it out.
import { describeType, widens, type LogicalType, type TableSpec } from "@millrace/core";
import { engineType } from "../engine/engine-types.ts";

type SpecColumn = TableSpec["columns"][number];

export interface StoredColumn {
  readonly name: string;
  readonly type: LogicalType;
}

/** Where the values of a column come from. `beside`: the values as they were stay in a hidden column of that name. */
export type ColumnStep = { readonly column: SpecColumn } & (
  | { readonly step: "keep" | "widen" | "rename" | "convert"; readonly from: StoredColumn; readonly beside?: string }
  | { readonly step: "add" }
);

export interface MigrationPlan {
  readonly steps: readonly ColumnStep[];
  /** Hidden columns that stay as they are, with the name that they get. */
  readonly carried: readonly { readonly from: StoredColumn; readonly as: string }[];
  readonly dropped: readonly StoredColumn[];
  /** Columns that readers saw and no longer see, without a statement about them. */
  readonly unstated: readonly StoredColumn[];
  /** Columns whose type neither widens nor is stated to be converted. */
  readonly clashing: readonly { readonly column: SpecColumn; readonly from: StoredColumn }[];
  /** The stored key under its present names. */
  readonly key: readonly string[];
}

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
const listed = (names: readonly string[] | undefined, name: string): boolean =>
  names?.some((one) => same(one, name)) === true;

/**
 * @param physical the stored columns, hidden ones too
 * @param seen names of those that readers see
 * @param suffix told apart from earlier migrations: names what stays beside
 */
export function planMigration(
  spec: TableSpec,
  stored: {
    readonly physical: readonly StoredColumn[];
    readonly seen: readonly string[];
    readonly key: readonly string[];
  },
  suffix: string,
): MigrationPlan {
  const find = (name: string): StoredColumn | undefined => stored.physical.find((column) => same(column.name, name));
  const renames = new Map<SpecColumn, StoredColumn>();
  for (const column of spec.columns) {
    const before = column.renamedFrom === undefined ? undefined : find(column.renamedFrom);
    if (before !== undefined && listed(stored.seen, before.name) && !listed(stored.seen, column.name))
      renames.set(column, before);
  }
  const taken = new Set(renames.values());
  const steps: ColumnStep[] = [];
  const clashing: { column: SpecColumn; from: StoredColumn }[] = [];
  for (const column of spec.columns) {
    const from = renames.get(column) ?? find(column.name);
    if (from !== undefined) taken.add(from);
    const step = stepOf(column, from, { renamed: renames.has(column), beside: `${column.name}${suffix}` });
    if (step !== undefined) steps.push(step);
    else if (from !== undefined) clashing.push({ column, from });
  }
  const rest = stored.physical.filter((column) => !taken.has(column));
  const dropped = rest.filter(({ name }) => listed(spec.dropped, name));
  const left = rest.filter((column) => !dropped.includes(column));
  return {
    steps,
    clashing,
    dropped,
    carried: left.map((from) => ({
      from,
      as: listed(
        spec.columns.map(({ name }) => name),
        from.name,
      )
        ? `${from.name}${suffix}`
        : from.name,
    })),
    unstated: left.filter(({ name }) => listed(stored.seen, name) && !listed(spec.retired, name)),
    key: stored.key.map((name) => [...renames].find(([, from]) => same(from.name, name))?.[0].name ?? name),
  };
}

function stepOf(
  column: SpecColumn,
  from: StoredColumn | undefined,
  { renamed, beside }: { readonly renamed: boolean; readonly beside: string },
): ColumnStep | undefined {
  if (from === undefined) return { column, step: "add" };
  if (engineType(from.type) === engineType(column.type)) return { column, step: renamed ? "rename" : "keep", from };
  if (widens(from.type, column.type)) return { column, step: renamed ? "convert" : "widen", from };
  const stated = column.convertedFrom?.type.replaceAll(" ", "").toLowerCase();
  if (stated !== describeType(from.type).replaceAll(" ", "").toLowerCase()) return undefined;
  return { column, step: "convert", from, beside };
}
