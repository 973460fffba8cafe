// Which files share a batch, up to its bounds.
import { expect, it } from "vitest";
import { FileGroup, type StoredFile } from "./file-group.ts";

function file(at: number, change: Partial<StoredFile> = {}): StoredFile {
  const key = `raw/${at}.ndjson`;
  const ref = { key, codec: "none", sha256: String(at), bytes: 10, storedBytes: 10, formatVersion: 1 } as const;
  const identity = { path: `${at}.ndjson`, size: 10, modifiedMicros: 0n, sha256: String(at) };
  return { identity, ref, encoding: "none", format: { kind: "ndjson" }, replaces: [], ...change };
}

function filled(count: number): FileGroup {
  const group = new FileGroup({ filesMax: 3, bytesMax: 25 });
  for (let at = 0; at < count; at += 1) group.add(file(at));
  return group;
}

it("is bounded by bytes and by files, and starts anew when it was taken", () => {
  expect(filled(1).accepts(file(9))).toBe(true);
  expect(filled(2).accepts(file(9))).toBe(false);
  const group = new FileGroup({ filesMax: 2, bytesMax: 1000 });
  group.add(file(0));
  expect(group.isFull).toBe(false);
  group.add(file(1));
  expect(group.isFull).toBe(true);
  expect(group.take().files.map(({ path }) => path)).toEqual(["0.ndjson", "1.ndjson"]);
  expect([group.isEmpty, group.isFull, group.accepts(file(0))]).toEqual([true, false, true]);
});

it.each<[string, Partial<StoredFile>]>([
  ["the same content", { ref: file(0).ref }],
  ["another way to decode", { format: { kind: "parquet" } }],
  ["another compression", { encoding: "gzip" }],
  ["rows to replace", { replaces: [1n] }],
  ["a promised number of records", { identity: { ...file(9).identity, rows: 3 } }],
])("leaves out a file with %s", (_, change) => {
  expect(filled(1).accepts(file(9))).toBe(true);
  expect(filled(1).accepts(file(9, change))).toBe(false);
});

it("ends with a file that replaces rows", () => {
  const group = new FileGroup();
  group.add(file(0, { replaces: [1n, 2n] }));
  expect(group.isFull).toBe(true);
  expect(group.take().replacesBatches).toEqual([1n, 2n]);
});
