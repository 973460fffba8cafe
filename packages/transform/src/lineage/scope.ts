// The names that an expression can see: columns of the relations in FROM, aliases of its SELECT, parameters of lambdas, and what the queries around it see.
import { Sources } from "./sources.ts";

export interface ScopeColumn {
  readonly name: string;
  readonly sources: Sources;
}

/** Something in FROM, or the result of a query. */
export interface Relation {
  /** Lower case; empty when it has no name. */
  readonly alias: string;
  readonly columns: readonly ScopeColumn[];
  /** Columns that cannot be told apart: any other name may be one of them. */
  readonly open?: Sources;
  /** Lower-case names that `*` leaves out, because USING made them one with a column of another relation. */
  readonly merged?: ReadonlySet<string>;
}

export class Scope {
  readonly relations: readonly Relation[];
  readonly #outer: Scope | undefined;
  readonly #aliases = new Map<string, Sources>();
  readonly #bound: ReadonlySet<string>;

  constructor(relations: readonly Relation[], outer?: Scope, bound: readonly string[] = []) {
    this.relations = relations;
    this.#outer = outer;
    this.#bound = new Set(bound.map((name) => name.toLowerCase()));
  }

  /** A result column may be used by its name elsewhere in the SELECT. */
  alias(name: string, sources: Sources): void {
    this.#aliases.set(name.toLowerCase(), sources);
  }

  /** The sources of a column reference; nothing when no name fits (the engine has bound the statement, so it is a value of another kind). */
  resolve(parts: readonly string[]): Sources {
    return this.#find(parts.map((part) => part.toLowerCase())) ?? Sources.none;
  }

  #find(parts: readonly string[]): Sources | undefined {
    const [first = "", second] = parts;
    if (this.#bound.has(first)) return Sources.none;
    const qualified = second === undefined ? undefined : this.#relation(first);
    const found =
      (qualified === undefined ? undefined : ofRelation(qualified, second ?? "")) ??
      this.#column(first) ??
      this.#aliases.get(first) ??
      this.#wholeRow(first) ??
      (this.#outer === undefined ? undefined : this.#outer.#find(parts));
    if (found !== undefined) return found;
    const open = this.relations.flatMap((relation) => (relation.open === undefined ? [] : [relation.open]));
    return open.length === 0 ? undefined : Sources.union(open);
  }

  #relation(alias: string): Relation | undefined {
    return this.relations.find((relation) => relation.alias === alias);
  }

  #column(name: string): Sources | undefined {
    const found = this.relations.flatMap(({ columns }) =>
      columns.filter((column) => column.name.toLowerCase() === name),
    );
    return found.length === 0 ? undefined : Sources.union(found.map(({ sources }) => sources));
  }

  /** The name of a relation alone is its row. */
  #wholeRow(name: string): Sources | undefined {
    const relation = this.#relation(name);
    return relation === undefined ? undefined : allOf(relation).as("transformation");
  }
}

function ofRelation(relation: Relation, name: string): Sources | undefined {
  return relation.columns.find((column) => column.name.toLowerCase() === name)?.sources ?? relation.open;
}

export function allOf({ columns, open }: Relation): Sources {
  return Sources.union([...columns.map(({ sources }) => sources), open ?? Sources.none]);
}
