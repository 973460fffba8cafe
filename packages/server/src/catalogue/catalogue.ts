// What is served now, known in process: tables from the warehouse, their versions from commits. A request for a known table asks nobody.
import {
  didYouMean,
  MillraceError,
  type CommitEvent,
  type ProjectDefinition,
  type StoredTable,
  type Warehouse,
} from "@millrace/core";
import { serveTable, type ServedTable } from "./served-table.ts";

/** The part of the platform that the catalogue needs. */
export interface CatalogueSource {
  readonly project: ProjectDefinition;
  readonly warehouse: Pick<Warehouse, "tables" | "table" | "incarnation">;
  onCommit(listener: (commit: CommitEvent) => void): () => void;
}

interface Entry {
  readonly served: ServedTable;
  /** What was stored, as text, to tell whether columns or key have changed. */
  readonly shape: string;
}

/** A table that nobody knows is looked for this seldom, whoever asks. */
const missEveryMs = 1_000;

/** Names are compared without regard to case. */
export class Catalogue {
  readonly #source: CatalogueSource;
  readonly #nowMs: () => number;
  readonly #stop: () => void;
  readonly #versions = new Map<string, bigint>();
  /** Tables whose last commit may have given them other columns, each with a mark that tells later commits apart. */
  readonly #suspects = new Map<string, number>();
  #entries = new Map<string, Entry>();
  #project: ProjectDefinition | undefined;
  #generation = 0;
  #marks = 0;
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

  /** Grows whenever a table, a column or a key has changed. */
  get generation(): number {
    return this.#generation;
  }

  /** True while what was compiled against this table still holds. */
  isCurrent(table: ServedTable): boolean {
    const key = table.fullName.toLowerCase();
    return this.#fresh() && !this.#suspects.has(key) && this.#entries.get(key)?.served === table;
  }

  /** Version of a table; a view has none, because it changes with its inputs and with time. */
  version(table: ServedTable): bigint | undefined {
    return table.kind === "view" ? undefined : this.#versions.get(table.fullName.toLowerCase());
  }

  async tables(): Promise<readonly ServedTable[]> {
    if (this.#suspects.size > 0) this.#stale = true;
    await this.#refresh();
    return [...this.#entries.values()].map((entry) => entry.served);
  }

  /** @throws MillraceError not-found, with the nearest name */
  async table(domain: string, name: string): Promise<ServedTable> {
    await this.#refresh();
    const key = `${domain}.${name}`.toLowerCase();
    if (this.#suspects.has(key)) await this.#look(key);
    const known = this.#entries.get(key);
    if (known !== undefined) return known.served;
    if (this.#nowMs() - this.#missLoadedMs >= missEveryMs) {
      this.#missLoadedMs = this.#nowMs();
      this.#stale = true;
      await this.#refresh();
    }
    return this.#entries.get(key)?.served ?? this.#missing(`${domain}.${name}`);
  }

  /** The stored shape differs from what is known: the next request looks again. */
  invalidate(): void {
    this.#stale = true;
  }

  close(): void {
    this.#stop();
  }

  /** False also while everything is read anew: what is known then may be what is being replaced. */
  #fresh(): boolean {
    return !this.#stale && this.#loading === undefined && this.#project === this.#source.project;
  }

  async #refresh(): Promise<void> {
    while (!this.#fresh()) {
      this.#loading ??= this.#load().finally(() => (this.#loading = undefined));
      await this.#loading;
    }
  }

  async #load(): Promise<void> {
    // Marked before the read: a commit that arrives meanwhile makes it stale or suspect again.
    this.#stale = false;
    const suspected = new Map(this.#suspects);
    const project = this.#source.project;
    try {
      const stored = await this.#source.warehouse.tables();
      const entries = new Map(stored.map((table) => [keyOf(table), this.#entryOf(table, project)]));
      if (entries.size !== this.#entries.size) this.#generation += 1;
      this.#entries = entries;
      this.#project = project;
    } catch (error) {
      this.#stale = true;
      throw error;
    }
    for (const [key, mark] of suspected) this.#clear(key, mark);
  }

  /** Reads one table again; requests that come meanwhile do the same, because none may go on with the old shape. */
  async #look(key: string): Promise<void> {
    const mark = this.#suspects.get(key);
    const known = this.#entries.get(key)?.served;
    if (mark === undefined || known === undefined || this.#project === undefined) return;
    const stored = await this.#source.warehouse.table(known.domain, known.name);
    // Another request has looked behind a later commit: this answer may be older.
    if (!this.#suspects.has(key)) return;
    if (stored === undefined) this.#stale = true;
    else this.#entries.set(key, this.#entryOf(stored, this.#project));
    this.#clear(key, mark);
  }

  /** The entry that is there when nothing has changed, so that what was compiled against it stays valid. */
  #entryOf(stored: StoredTable, project: ProjectDefinition): Entry {
    this.#raise(keyOf(stored), stored.version);
    const known = this.#entries.get(keyOf(stored));
    const shape = JSON.stringify([stored.domain, stored.name, stored.kind, stored.key, stored.columns]);
    if (known?.shape === shape && this.#project === project) return known;
    this.#generation += 1;
    return { served: serveTable(stored, project), shape };
  }

  #clear(key: string, mark: number): void {
    if (this.#suspects.get(key) === mark) this.#suspects.delete(key);
  }

  #onCommit(commit: CommitEvent): void {
    for (const { table, version } of commit.tables) {
      const key = table.toLowerCase();
      this.#raise(key, version);
      if (!this.#entries.has(key)) this.#stale = true;
      // A batch adds rows. Whatever else commits may have given the table other columns.
      else if (commit.batch === undefined) this.#suspects.set(key, (this.#marks += 1));
    }
  }

  #raise(key: string, version: bigint): void {
    if (version > (this.#versions.get(key) ?? -1n)) this.#versions.set(key, version);
  }

  #missing(name: string): never {
    const names = [...this.#entries.values()].map((entry) => entry.served.fullName);
    throw new MillraceError("not-found", `There is no table ${JSON.stringify(name)}${didYouMean(name, names)}`, {
      details: { tables: names.slice(0, 50) },
    });
  }
}

function keyOf(table: { readonly domain: string; readonly name: string }): string {
  return `${table.domain}.${table.name}`.toLowerCase();
}
