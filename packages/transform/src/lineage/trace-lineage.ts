// Follows lineage through a whole project: from a table or column to everything that it comes from, or to everything that depends on it.
import { didYouMean, MillraceError } from "@millrace/core";
import type { ColumnLineage } from "./column-lineage.ts";
import type { SourceUse } from "./sources.ts";

/** A table or model, and what fills it. */
export interface LineageTable {
  /** `domain.name` */
  readonly name: string;
  readonly kind: "table" | "model";
  readonly columns: readonly string[];
  /** Of a table: the channels that fill it, with their connectors. */
  readonly channels: readonly { readonly name: string; readonly connector: string }[];
  /** Of a model: the tables that it reads. */
  readonly inputs: readonly string[];
  readonly lineage?: ColumnLineage;
}

export interface LineageStep {
  /** `column`: `name` is `domain.table.column`; `rows`: which rows the table `name` has; `table`, `channel`: `name` is theirs. */
  readonly kind: "column" | "rows" | "table" | "channel";
  readonly name: string;
  /** How the step above uses it (upstream), or how it uses the step above (downstream). */
  readonly uses: readonly SourceUse[];
  readonly connector?: string;
  /** The steps below it stand elsewhere in this tree. */
  readonly repeated?: boolean;
  readonly steps: readonly LineageStep[];
}

export type LineageDirection = "up" | "down";

export interface LineageTarget {
  readonly table: string;
  readonly column?: string;
}

/** Steps of one tree; beyond it the trace is cut off with a coded error, because nobody reads more. */
const stepsMax = 20_000;

/** @throws MillraceError not-found, request-invalid */
export function traceLineage(
  tables: readonly LineageTable[],
  target: LineageTarget,
  direction: LineageDirection,
): LineageStep {
  const byName = new Map(tables.map((table) => [table.name.toLowerCase(), table]));
  const table = byName.get(target.table.toLowerCase());
  if (table === undefined) throw unknownTable(target.table, tables);
  const column = target.column === undefined ? undefined : columnOf(table, target.column);
  const trace = new Trace(byName, direction);
  return column === undefined ? trace.table(table, []) : trace.column(table, column, [], true);
}

function unknownTable(name: string, tables: readonly LineageTable[]): MillraceError {
  const names = tables.map((table) => table.name);
  return new MillraceError("not-found", `There is no table or model ${name}${didYouMean(name, names)}.`, {
    hint:
      names.length === 0 ? "The project has no tables yet." : `Tables and models: ${names.slice(0, 20).join(", ")}.`,
  });
}

function columnOf(table: LineageTable, name: string): string {
  const found = table.columns.find((column) => column.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw new MillraceError(
    "not-found",
    `${table.name} has no column ${name}${didYouMean(name, table.columns)}; it has ${table.columns.join(", ")}.`,
  );
}

type Draft = Omit<LineageStep, "steps">;

class Trace {
  readonly #tables: ReadonlyMap<string, LineageTable>;
  readonly #direction: LineageDirection;
  readonly #readers = new Map<string, LineageTable[]>();
  readonly #seen = new Set<string>();
  #steps = 0;

  constructor(tables: ReadonlyMap<string, LineageTable>, direction: LineageDirection) {
    this.#tables = tables;
    this.#direction = direction;
    for (const table of tables.values())
      for (const input of table.inputs) this.#readers.set(input, [...(this.#readers.get(input) ?? []), table]);
  }

  table(table: LineageTable, uses: readonly SourceUse[]): LineageStep {
    return this.#step({ kind: "table", name: table.name, uses }, () => {
      if (this.#direction === "down") return this.#readersOf(table).map((reader) => this.table(reader, []));
      return [...this.#inputsOf(table).map((input) => this.table(input, [])), ...this.#channels(table)];
    });
  }

  /** @param withRows also what decides which rows its table has: told once, for the column that was asked for */
  column(table: LineageTable, column: string, uses: readonly SourceUse[], withRows = false): LineageStep {
    return this.#step({ kind: "column", name: `${table.name}.${column}`, uses }, () => {
      if (this.#direction === "down") return this.#dependants(table, column);
      const sources = table.lineage?.columns.find((one) => one.name === column)?.sources ?? [];
      const rows = withRows && (table.lineage?.rows.length ?? 0) > 0 ? [this.#rows(table)] : [];
      return [...this.#columns(sources), ...rows, ...this.#channels(table)];
    });
  }

  #columns(sources: ColumnLineage["rows"]): LineageStep[] {
    return sources.flatMap(({ table, column, uses }) => {
      const from = this.#tables.get(table.toLowerCase());
      return from === undefined ? [] : [this.column(from, column, uses)];
    });
  }

  #rows(table: LineageTable): LineageStep {
    return this.#step({ kind: "rows", name: table.name, uses: [] }, () => this.#columns(table.lineage?.rows ?? []));
  }

  /** Columns that the column goes into, and models whose rows it decides. */
  #dependants(table: LineageTable, column: string): LineageStep[] {
    const isIt = (source: { readonly table: string; readonly column: string }): boolean =>
      source.table === table.name && source.column === column;
    return this.#readersOf(table).flatMap((reader) => {
      const columns = (reader.lineage?.columns ?? []).flatMap(({ name, sources }) => {
        const use = sources.find(isIt);
        return use === undefined ? [] : [this.column(reader, name, use.uses)];
      });
      const decides = reader.lineage?.rows.find(isIt);
      return decides === undefined ? columns : [...columns, this.#rowsBelow(reader, decides.uses)];
    });
  }

  #rowsBelow(table: LineageTable, uses: readonly SourceUse[]): LineageStep {
    return this.#step({ kind: "rows", name: table.name, uses }, () =>
      this.#readersOf(table).map((reader) => this.#rowsBelow(reader, [])),
    );
  }

  #channels(table: LineageTable): LineageStep[] {
    return table.channels.map(({ name, connector }) => ({ kind: "channel", name, uses: [], connector, steps: [] }));
  }

  #readersOf(table: LineageTable): readonly LineageTable[] {
    return this.#readers.get(table.name) ?? [];
  }

  #inputsOf(table: LineageTable): LineageTable[] {
    return table.inputs.map((input) => this.#tables.get(input.toLowerCase())).filter((input) => input !== undefined);
  }

  #step(draft: Draft, below: () => readonly LineageStep[]): LineageStep {
    this.#steps += 1;
    if (this.#steps > stepsMax)
      throw new MillraceError("request-invalid", `The lineage has more than ${stepsMax} steps.`, {
        hint: "Ask for one column, or for a table nearer to the other end.",
      });
    const identity = `${draft.kind} ${draft.name}`;
    if (this.#seen.has(identity)) {
      const steps = { ...draft, steps: [] };
      return this.#isEnd(draft) ? steps : { ...steps, repeated: true };
    }
    this.#seen.add(identity);
    return { ...draft, steps: below() };
  }

  /** True for steps that have nothing below them in any case. */
  #isEnd({ kind, name }: Draft): boolean {
    const table = this.#tables.get((kind === "column" ? name.slice(0, name.lastIndexOf(".")) : name).toLowerCase());
    if (table === undefined) return true;
    return this.#direction === "down"
      ? this.#readersOf(table).length === 0
      : table.inputs.length + table.channels.length === 0;
  }
}
