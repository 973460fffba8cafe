// An author's column may have any name that the contract allows, also one that the load uses inside: it must mean the column, in every format and mode.
import { readFileSync } from "node:fs";
import { contract, t, type EngineFormat, type LoadVerdict, type WriteMode } from "@millrace/core";
import { expect, test } from "vitest";
import { csvFormat, ndjson, temporaryWarehouse } from "../testing/temporary-warehouse.ts";

const names = [
  "x",
  "c",
  "r",
  "j",
  "s",
  "p",
  "t",
  "w",
  "q",
  "row_id",
  "place",
  "mark",
  "again",
  "line",
  "filename",
  "content",
  "codes",
  "reasons",
  "original",
  "batch",
  "seq",
  "state",
];
const texts = Object.fromEntries(names.map((name) => [name, t.string().optional()]));
const Odd = contract("odd", { ...texts, row_no: t.int64().key(), version: t.int64().version(), number: t.int32() });
const columns = Odd.columns.map((column) => column.name);
const verdict: LoadVerdict = { rows: [{ code: "odd.row.known", sql: "x <> 'bad'", columns: ["x"] }], references: [] };
const rows = ["good", "bad", "good"].map((x, at) => ({
  ...Object.fromEntries(names.map((name) => [name, `${name} ${at}`])),
  x,
  row_no: at + 1,
  version: 1,
  number: at === 2 ? "none" : at,
}));

function content(kind: EngineFormat["kind"]): string {
  if (kind === "csv")
    return [
      columns.join(","),
      ...rows.map((row) => columns.map((name) => (row as Record<string, unknown>)[name]).join(",")),
    ].join("\n");
  return kind === "json" ? JSON.stringify({ data: rows }) : rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

const formats: readonly EngineFormat[] = [csvFormat(...columns), ndjson, { kind: "json", path: ["data"] }];
const modes: readonly WriteMode[] = ["append", "merge", "replace"];
/** Small batches are staged, large ones go straight into their table; the size that is noted for the object decides. */
const sizes = [1, 64 * 1024 * 1024];
const cases = formats.flatMap((format) =>
  modes.flatMap((write) => sizes.map((bytes) => [format.kind, write, bytes, format] as const)),
);

test.each(cases)("%s, %s, %d bytes", async (kind, write, bytes, format) => {
  await using place = await temporaryWarehouse();
  const objects = [place.object(`a.${kind}`, content(kind)), place.object(`b.${kind}`, content(kind))].map(
    (object) => ({
      ...object,
      ref: { ...object.ref, bytes },
    }),
  );
  const result = await place.load({ contract: Odd, verdict, write, source: { kind: "objects", objects, format } });
  const once = write === "merge";
  expect(result).toMatchObject({ received: 6n, accepted: once ? 1n : 2n, quarantined: 4n, duplicate: once ? 1n : 0n });
  expect(await place.rows("SELECT DISTINCT x, filename, row_id, mark, row_no FROM shop.odd")).toEqual([
    ["good", "filename 0", "row_id 0", "mark 0", 1n],
  ]);
  expect(
    await place.rows("SELECT row_no, codes, object_key, position FROM millrace.quarantine ORDER BY row_no"),
  ).toEqual([
    [2n, ["odd.row.known"], `a.${kind}`, 2n],
    [3n, ["odd.number.type"], `a.${kind}`, 3n],
    [5n, ["odd.row.known"], `b.${kind}`, 2n],
    [6n, ["odd.number.type"], `b.${kind}`, 3n],
  ]);
});

test("ndjson with a line that cannot be parsed", async () => {
  await using place = await temporaryWarehouse();
  const objects = [place.object("a.ndjson", `${content("ndjson")}{"x":\n`)];
  const result = await place.load({ contract: Odd, verdict, source: { kind: "objects", objects, format: ndjson } });
  expect(result).toMatchObject({ received: 4n, accepted: 1n, quarantined: 3n });
});

test("parquet", async () => {
  await using place = await temporaryWarehouse();
  const fields = names.map((name) => `'${name} 0' AS "${name}"`).join(", ");
  await place.warehouse.write(["a.a"], (tx) =>
    tx.run(
      `COPY (SELECT ${fields}, 1::BIGINT AS row_no, 1::BIGINT AS version, 0 AS number) TO '${place.folder}/objects/in.parquet' (FORMAT parquet)`,
    ),
  );
  const objects = [place.object("b.parquet", readFileSync(`${place.folder}/objects/in.parquet`))];
  const result = await place.load({
    contract: Odd,
    verdict,
    write: "merge",
    source: { kind: "objects", objects, format: { kind: "parquet" } },
  });
  expect(result).toMatchObject({ received: 1n, accepted: 1n });
  expect(await place.rows("SELECT filename, row_id FROM shop.odd")).toEqual([["filename 0", "row_id 0"]]);
});

test("rowid is the engine's own word and is refused with its place", () => {
  expect(() => contract("odd", { rowid: t.int64() })).toThrow(
    /column-names\.test\.ts:\d+: contract "odd": column "rowid"/,
  );
});
