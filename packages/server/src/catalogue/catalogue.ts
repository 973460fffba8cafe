// What is served now, known in process: tables from the warehouse, their versions from commits. A request for a known table asks nobody.
import { didYouMean, MillraceError, type CommitEvent, type ProjectDefinition, type Warehouse } from "@millrace/core";
import { serveTable, type ServedTable } from "./served-table.ts";

/** The part of the platform that the catalogue needs. */
export interface CatalogueSource {
  readonly project: ProjectDefinition;
  readonly warehouse: Pick<Warehouse, "tables" | "incarnation">;
  onCommit(listener: (commit: CommitEvent) => void): () => void;
}

/** Changes of shape come with model builds and reloads; a table that nobody knows is looked for this often at most. */
const missesPerSecondMax = 1;

export class Catalogue {
  readonly #source: CatalogueSource;
  readonly #nowMs: () => number;
  readonly #stop: () => void;
  #tables: ReadonlyMap<string, ServedTable> = new Map();
  #versions = new Map<string, bigint>();
  #project: ProjectDefinition | undefined;
  #generation = 0;
  #stale = true;
  #loading: Promise<void> | undefined;
  #missLoadedMs = Number.NEGATIVE_INFINITY;

  constructor(source: CatalogueSource, nowMs: () => number) {
    this.#source = source;
    this.#nowMs = nowMs;
    this.#stop = source.onCommit((commit) => this.#onCommit(commit));
  }

  get incarnation(): string {
    return this.#source.warehouse.incarnation;
  }

  /** Grows whenever tables or columns may have changed; whatever was compiled before is then out of date. */
  get generation(): number {
    return this.#generation;
  }

  /** True when `tables` may be used without `refresh`. */
  get fresh(): boolean {
    return !this.#stale && this.#project === this.#source.project;
  }

  /** Version of a table; a view has none, because it changes with its inputs and with time. */
  version(table: ServedTable): bigint | undefined {
    return table.kind === "view" ? undefined : this.#versions.get(table.fullName.toLowerCase());
  }

  async tables(): Promise<readonly ServedTable[]> {
    await this.refresh();
    return [...this.#tables.values()];
  }

  /** @throws MillraceError not-found, with the nearest name */
  async table(domain: string, name: string): Promise<ServedTable> {
    await this.refresh();
    const key = `${domain}.${name}`.toLowerCase();
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    if (this.#nowMs() - this.#missLoadedMs >= 1_000 / missesPerSecondMax) {
      this.#missLoadedMs = this.#nowMs();
      this.#stale = true;
      await this.refresh();
    }
    return this.#tables.get(key) ?? this.#missing(`${domain}.${name}`);
  }

  async refresh(): Promise<void> {
    while (!this.fresh) {
      this.#loading ??= this.#load().finally(() => (this.#loading = undefined));
      await this.#loading;
    }
  }

  /** The stored shape differs from what is known: the next request looks again. */
  invalidate(): void {
    this.#stale = true;
  }

  close(): void {
    this.#stop();
  }

  async #load(): Promise<void> {
    // Marked before the read: a commit that arrives meanwhile makes it stale again.
    this.#stale = false;
    const project = this.#source.project;
    try {
      const stored = await this.#source.warehouse.tables();
      const tables = new Map<string, ServedTable>();
      for (const table of stored) {
        const served = serveTable(table, project);
        tables.set(served.fullName.toLowerCase(), served);
        this.#raise(served.fullName, table.version);
      }
      this.#tables = tables;
      this.#project = project;
      this.#generation += 1;
    } catch (error) {
      this.#stale = true;
      throw error;
    }
  }

  #onCommit(commit: CommitEvent): void {
    for (const { table, version } of commit.tables) {
      this.#raise(table, version);
      const known = this.#tables.get(table.toLowerCase());
      // A batch adds rows. Whatever else commits may have given the table other columns.
      if (known === undefined || commit.batch === undefined) this.#stale = true;
    }
  }

  #raise(table: string, version: bigint): void {
    const key = table.toLowerCase();
    if (version > (this.#versions.get(key) ?? -1n)) this.#versions.set(key, version);
  }

  #missing(name: string): never {
    const names = [...this.#tables.values()].map((table) => table.fullName);
    throw new MillraceError("not-found", `There is no table ${JSON.stringify(name)}${didYouMean(name, names)}`, {
      details: { tables: names.slice(0, 50) },
    });
  }
}
