// The catalogue follows commits: versions at once, new shapes before the next answer, and asks the warehouse no more often than it must.
import { expect, it } from "vitest";
import type { CommitEvent, ProjectDefinition, StoredTable } from "@millrace/core";
import { Catalogue, type CatalogueSource } from "./catalogue.ts";

interface Stored {
  version: bigint;
  columns: readonly string[];
  kind: StoredTable["kind"];
}

function source(): {
  readonly stored: Map<string, Stored>;
  readonly asked: string[];
  readonly catalogue: Catalogue;
  project: ProjectDefinition;
  readonly commit: (event: CommitEvent) => void;
  nowMs: number;
  /** Answers of the warehouse that are read from now on come after this. */
  wait: Promise<void>;
} {
  let listener: (commit: CommitEvent) => void = () => undefined;
  const stored = new Map<string, Stored>([["m.a", { version: 1n, columns: ["x"], kind: "model" }]]);
  const asked: string[] = [];
  const toStored = (name: string, table: Stored): StoredTable => {
    const columns = table.columns.map((column) => ({
      name: column,
      type: { kind: "int32" } as const,
      engineType: "INTEGER",
    }));
    return {
      domain: "m",
      name: name.slice(2),
      kind: table.kind,
      columns,
      key: [],
      version: table.version,
      rewrites: 0n,
      batch: 0n,
    };
  };
  const place = {
    stored,
    asked,
    nowMs: 0,
    wait: Promise.resolve(),
    project: { config: { name: "p" }, folder: "/", domains: [] } as ProjectDefinition,
    commit: (event: CommitEvent) => listener(event),
  };
  const from: CatalogueSource = {
    get project() {
      return place.project;
    },
    warehouse: {
      incarnation: "i",
      tables: () => {
        asked.push("tables");
        const found = [...stored].map(([name, table]) => toStored(name, table));
        return place.wait.then(() => found);
      },
      table: (_domain, name) => {
        asked.push(name);
        const table = stored.get(`m.${name}`);
        const found = table === undefined ? undefined : toStored(`m.${name}`, table);
        return place.wait.then(() => found);
      },
    },
    onCommit: (next) => {
      listener = next;
      return () => undefined;
    },
  };
  return Object.assign(place, { catalogue: new Catalogue(from, () => place.nowMs) });
}

const built = (table: string, version: bigint): CommitEvent => ({ tables: [{ table, version }] });

it("knows versions from commits without asking", async () => {
  const { catalogue, asked, commit } = source();
  const table = await catalogue.table("M", "A");
  expect(catalogue.version(table)).toBe(1n);
  commit({ ...built("m.a", 7n), batch: {} as NonNullable<CommitEvent["batch"]> });
  expect([catalogue.version(table), catalogue.isCurrent(table), asked]).toEqual([7n, true, ["tables"]]);
  commit({ ...built("m.a", 5n), batch: {} as NonNullable<CommitEvent["batch"]> });
  expect(catalogue.version(table)).toBe(7n);
});

it("keeps what was compiled when a model was built with the same columns, and drops it when they changed", async () => {
  const { catalogue, stored, asked, commit } = source();
  const table = await catalogue.table("m", "a");
  const { generation } = catalogue;
  commit(built("m.a", 2n));
  expect(catalogue.isCurrent(table)).toBe(false);
  expect(await catalogue.table("m", "a")).toBe(table);
  expect([catalogue.isCurrent(table), catalogue.generation, asked]).toEqual([true, generation, ["tables", "a"]]);
  stored.set("m.a", { version: 3n, columns: ["x", "y"], kind: "model" });
  commit(built("m.a", 3n));
  const next = await catalogue.table("m", "a");
  expect(next.columns.map(({ name }) => name)).toEqual(["x", "y"]);
  expect([catalogue.isCurrent(table), catalogue.isCurrent(next)]).toEqual([false, true]);
  expect(catalogue.generation).toBeGreaterThan(generation);
});

it("finds new tables after their first commit, and looks for unknown ones once a second", async () => {
  const place = source();
  const { catalogue, stored, asked, commit } = place;
  await catalogue.tables();
  stored.set("m.b", { version: 1n, columns: ["x"], kind: "model" });
  commit(built("m.b", 1n));
  expect((await catalogue.table("m", "b")).fullName).toBe("m.b");
  place.nowMs = 10_000;
  for (let call = 0; call < 5; call += 1)
    await expect(catalogue.table("m", "bb")).rejects.toMatchObject({ code: "not-found" });
  expect(asked).toEqual(["tables", "tables", "tables"]);
});

it("lets requests that come while it reads wait for what it finds", async () => {
  const place = source();
  const { catalogue, stored, commit } = place;
  await expect(catalogue.table("m", "b")).rejects.toMatchObject({ code: "not-found" });
  stored.set("m.b", { version: 1n, columns: ["x"], kind: "model" });
  commit(built("m.b", 1n));
  const requests = [1, 2, 3].map(() => catalogue.table("m", "b").then((table) => table.fullName));
  expect(await Promise.all(requests)).toEqual(["m.b", "m.b", "m.b"]);
});

it("keeps the newer shape when an older answer about it comes later", async () => {
  const place = source();
  const { catalogue, stored, commit } = place;
  await catalogue.tables();
  const late = Promise.withResolvers<void>();
  place.wait = late.promise;
  commit(built("m.a", 2n));
  const first = catalogue.table("m", "a");
  await Promise.resolve();
  place.wait = Promise.resolve();
  stored.set("m.a", { version: 3n, columns: ["x", "y"], kind: "model" });
  commit(built("m.a", 3n));
  const names = async (): Promise<string[]> => (await catalogue.table("m", "a")).columns.map(({ name }) => name);
  expect(await names()).toEqual(["x", "y"]);
  late.resolve();
  await first;
  expect(await names()).toEqual(["x", "y"]);
});

it("reads everything anew when the project was exchanged, and gives views no version", async () => {
  const place = source();
  place.stored.set("m.v", { version: 4n, columns: ["x"], kind: "view" });
  const view = await place.catalogue.table("m", "v");
  expect(place.catalogue.version(view)).toBeUndefined();
  place.project = { ...place.project };
  expect(place.catalogue.isCurrent(view)).toBe(false);
  expect(await place.catalogue.table("m", "v")).not.toBe(view);
});
