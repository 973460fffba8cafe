// Random sequences of contract changes and loads: no value that was ever accepted is lost, unless its column was stated to be dropped; what readers see
// of a column is what was accepted into it; a change that needs a statement and has none changes nothing.
import { contract, t, type ContractDefinition, type ProjectDefinition, type SqlValue } from "@millrace/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { ledgerFaults } from "../load/ledger-integrity.ts";
import { newFolder, openStage, removeFolder, type OpenStage } from "../testing/embedded-stage.ts";
import { queueChannel, queueConnector, QueueSource } from "../testing/queue-connector.ts";

type Kind = "int64" | "decimal" | "string";
type Mode = "discard" | "freeze" | "evolve" | "side";

interface Column {
  readonly name: string;
  readonly field: string;
  readonly kind: Kind;
  readonly renamedFrom?: string;
  readonly convertedFrom?: string;
}

interface Declared {
  readonly columns: readonly Column[];
  readonly retired: readonly string[];
  readonly dropped: readonly string[];
  readonly mode: Mode;
}

const types = { int64: t.int64(), decimal: t.decimal(20, 1), string: t.string() };

function definitionOf({ columns, retired, dropped, mode }: Declared): ContractDefinition {
  const own = columns.map(({ name, field, kind, renamedFrom, convertedFrom }) => {
    let column = types[kind].optional().from(field);
    if (renamedFrom !== undefined) column = column.renamedFrom(renamedFrom);
    if (convertedFrom !== undefined) column = column.convertedFrom(convertedFrom, { otherwise: "missing" });
    return [name, column] as const;
  });
  const rest = mode === "side" ? { others: t.rest() } : {};
  const evolution = mode === "side" ? "freeze" : mode;
  const gone = [...retired, ...(mode === "side" ? [] : ["others"])];
  return contract("items", { id: t.int64(), ...Object.fromEntries(own), ...rest }, [], {
    evolution,
    retired: gone,
    dropped,
  });
}

function projectOf(declared: Declared): ProjectDefinition {
  const definition = definitionOf(declared);
  const channels = [queueChannel({ domain: "shop", name: "items_in", contract: definition, write: "append" })];
  return {
    config: { name: "shop" },
    folder: "/shop",
    domains: [{ name: "shop", folder: "/shop", contracts: [definition], channels, models: [] }],
  };
}

const step = fc.record({
  act: fc.constantFrom("load", "load", "load", "add", "rename", "leave", "leave", "widen", "convert", "mode", "back"),
  stated: fc.constantFrom("no", "retired", "dropped"),
  pick: fc.nat(20),
  wrong: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const numeric = (text: string): string => (/^-?\d+(\.\d+)?$/.test(text) ? String(Number(text)) : text);
const textOf = (cell: SqlValue): string => (typeof cell === "string" ? cell : String(cell as number | bigint));

interface Change {
  readonly declared: Declared;
  /** True when it must be refused: values would leave readers, or change their type, without a statement. */
  readonly loses: () => Promise<boolean>;
  readonly after?: () => void;
}

class Model {
  declared: Declared = {
    columns: [{ name: "c0", field: "c0", kind: "int64" }],
    retired: [],
    dropped: [],
    mode: "discard",
  };
  /** By row, the accepted values by the present name of their column (`others` for the side column). */
  readonly accepted = new Map<bigint, Map<string, string>>();
  readonly #stage: OpenStage;
  readonly #items: QueueSource;
  #next = 1000;

  constructor(stage: OpenStage, items: QueueSource) {
    this.#stage = stage;
    this.#items = items;
  }

  async apply(one: Step): Promise<void> {
    if (one.act === "load") await this.#load(one);
    else await this.#change(one);
    await this.#check();
  }

  async #load({ pick, wrong }: Step): Promise<void> {
    const records = [0, 1].map((at) => this.#record(pick + at, wrong && at === 1));
    this.#items.push(...records.map(({ record }) => record));
    expect((await this.#stage.platform.runUntilIdle({})).errors).toEqual([]);
    const stored = new Set((await this.#stage.rows("SELECT id FROM shop.items")) as bigint[]);
    for (const { record, values } of records)
      if (stored.has(BigInt(record.id))) {
        this.accepted.set(BigInt(record.id), values);
        for (const name of values.keys()) if (/^u\d$/.test(name)) this.#found.add(name);
      }
  }

  /** Values that no other cell has, so that each is found again wherever it went. */
  #record(pick: number, wrong: boolean) {
    const { columns, retired, dropped, mode } = this.declared;
    const id = (this.#next += 1);
    const record: { id: number } & Record<string, unknown> = { id };
    const values = new Map<string, string>();
    for (const { name, field, kind } of columns) {
      const value = wrong ? "oops" : this.#value(kind);
      record[field] = value;
      values.set(name, value);
    }
    const unknown = ["u1", "u2", "u3"][pick % 5];
    if (unknown === undefined || columns.some(({ field, name }) => field === unknown || name === unknown))
      return { record, values };
    const value = [this.#value("int64"), this.#value("string"), this.#value("decimal")][pick % 3] ?? "";
    record[unknown] = /^\d/.test(value) ? Number(value) : value;
    if (retired.includes(unknown) || dropped.includes(unknown)) return { record, values };
    if (mode === "evolve" || this.#found.has(unknown)) values.set(unknown, value);
    else if (mode === "side") values.set("others", value);
    return { record, values };
  }

  /** Fields that data made columns of, for as long as nobody says something about them. */
  readonly #found = new Set<string>();

  #value(kind: Kind): string {
    this.#next += 1;
    if (kind === "string") return `v${this.#next}`;
    return kind === "decimal" ? `${this.#next}.5` : String(this.#next);
  }

  async #change(one: Step): Promise<void> {
    const next = this.#changed(one);
    if (next === undefined) return;
    const loses = await next.loses();
    const plan = await this.#stage.platform.reload(projectOf(next.declared));
    if (plan.conflicts.length === 0) {
      expect({ loses, changes: plan.changes }).toMatchObject({ loses: false });
      this.declared = next.declared;
      next.after?.();
    } else {
      expect(plan.conflicts.map(({ code }) => code)).toEqual(["contract-conflict"]);
      expect({ loses, conflict: plan.conflicts[0]?.message }).toMatchObject({ loses: true });
    }
  }

  #changed({ act, stated, pick }: Step): Change | undefined {
    const { declared } = this;
    const { columns } = declared;
    const column = columns[pick % columns.length];
    const fresh = `c${(this.#next += 1)}`;
    const safe = (): Promise<boolean> => Promise.resolve(false);
    const put = (changed: Column) => columns.map((one) => (one === column ? changed : one));
    if (act === "add") {
      const kind = (["int64", "decimal", "string"] as const)[pick % 3] ?? "string";
      return { declared: { ...declared, columns: [...columns, { name: fresh, field: fresh, kind }] }, loses: safe };
    }
    if (act === "mode") {
      const mode = (["discard", "freeze", "evolve", "side"] as const)[pick % 4] ?? "discard";
      return { declared: { ...declared, mode }, loses: safe };
    }
    if (act === "back") {
      const name = declared.retired[pick % Math.max(1, declared.retired.length)];
      if (name === undefined) return undefined;
      const back = { name, field: name, kind: "string" as const };
      return {
        declared: { ...declared, columns: [...columns, back], retired: declared.retired.filter((one) => one !== name) },
        loses: safe,
      };
    }
    if (column === undefined) return undefined;
    if (act === "rename") {
      const { name, field, kind } = column;
      const renamed = { name: fresh, field, kind, ...(stated === "no" ? {} : { renamedFrom: name }) };
      const loses = async (): Promise<boolean> => stated === "no" && (await this.#holds(name));
      return { declared: { ...declared, columns: put(renamed) }, loses, after: () => this.#renamed(name, fresh) };
    }
    if (act === "leave") return this.#leaving(column, stated);
    if (act === "widen") {
      const kind: Kind = column.kind === "int64" ? "decimal" : "string";
      return { declared: { ...declared, columns: put({ ...column, kind }) }, loses: safe };
    }
    const convertedFrom = { int64: "int64", decimal: "decimal(20,1)", string: "string" }[column.kind];
    const said = stated === "no" ? {} : { convertedFrom };
    const { convertedFrom: _before, ...plain } = column;
    const loses = (): Promise<boolean> =>
      Promise.resolve(stated === "no" && column.kind === "string" && this.accepted.size > 0);
    const kind: Kind = column.kind === "string" ? "decimal" : "string";
    return { declared: { ...declared, columns: put({ ...plain, kind, ...said }) }, loses };
  }

  #leaving({ name }: Column, stated: Step["stated"]): Change | undefined {
    const { declared } = this;
    const columns = declared.columns.filter((one) => one.name !== name);
    if (columns.length === 0) return undefined;
    if (stated === "no") return { declared: { ...declared, columns }, loses: () => this.#holds(name) };
    const left = { ...declared, columns, [stated]: [...declared[stated], name] };
    const after = stated === "dropped" ? () => this.#dropped(name) : undefined;
    return { declared: left, loses: () => Promise.resolve(false), ...(after === undefined ? {} : { after }) };
  }

  /** True when readers see a value in the column. */
  async #holds(name: string): Promise<boolean> {
    return (await this.#stage.one(`SELECT count("${name}") > 0 FROM shop.items`)) === true;
  }

  #renamed(from: string, to: string): void {
    for (const values of this.accepted.values()) {
      const value = values.get(from);
      values.delete(from);
      if (value !== undefined) values.set(to, value);
    }
  }

  #dropped(name: string): void {
    for (const values of this.accepted.values()) values.delete(name);
  }

  async #check(): Promise<void> {
    const physical = await this.#stage.one("SELECT physical FROM millrace.tables WHERE name = 'items'");
    const stored = await this.#byId(`SELECT * FROM store."${physical as string}" WHERE _hidden IS NULL`);
    const seen = await this.#byId("SELECT * FROM shop.items");
    expect(new Set(seen.keys())).toEqual(new Set(this.accepted.keys()));
    const names = new Set(this.declared.columns.map(({ name }) => name));
    for (const [id, values] of this.accepted) {
      const cells = Object.values(stored.get(id) ?? {}).filter((cell) => cell !== null);
      const texts = cells.map((cell) => numeric(textOf(cell)));
      for (const [name, value] of values) {
        const found =
          texts.includes(numeric(value)) ||
          texts.some((text) => text.startsWith("{") && text.includes(value.replace(/\.0$/, "")));
        expect(found, `value ${value} of ${name} in row ${id} is in ${texts.join(" ")}`).toBe(true);
        const shown = seen.get(id)?.[name] ?? null;
        if (names.has(name) && shown !== null) expect(numeric(textOf(shown))).toBe(numeric(value));
      }
    }
  }

  async #byId(sql: string): Promise<Map<bigint, Record<string, SqlValue>>> {
    const { columns, rows } = await this.#stage.parts.warehouse.query(sql);
    const named = rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, row[at] ?? null])));
    return new Map(named.map((row) => [row["id"] as bigint, row]));
  }
}

it("no accepted value is lost unless its column was dropped by statement", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 16 }), async (steps) => {
      const folder = newFolder();
      const items = new QueueSource();
      const model = {
        declared: { columns: [{ name: "c0", field: "c0", kind: "int64" }], retired: [], dropped: [], mode: "discard" },
      } as const;
      const stage = await openStage(folder, projectOf(model.declared), {
        connectors: [queueConnector(new Map([["shop.items_in", items]]))],
      });
      try {
        await stage.platform.start({ live: false });
        const running = new Model(stage, items);
        for (const one of steps) await running.apply(one);
        expect(await ledgerFaults(stage.parts.warehouse)).toEqual([]);
      } finally {
        await stage.close();
        removeFolder(folder);
      }
    }),
    { numRuns: 6, endOnFailure: true },
  );
}, 120_000);
