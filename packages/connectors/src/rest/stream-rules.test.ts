// Streams of rest() that are refused, and why.
import { contract, t } from "@millrace/core";
import { expect, it } from "vitest";
import { cursor } from "./pagination.ts";
import type { StreamOptions } from "./rest-config.ts";
import { rest } from "./rest.ts";
import { each, gzip, jsonItems, parent } from "./stream-shapes.ts";

const Row = contract("rows", { id: t.string().key() });
const Log = contract("log", { id: t.string() });

it.each([
  [
    "its parent",
    { rows: { path: "/", partition: parent("none", { key: "$.id", as: "x" }) } },
    /parent "none" is no stream/,
  ],
  ["itself", { rows: { path: "/", partition: parent("rows", { key: "$.id", as: "x" }) } }, /its own parent/],
  ["since", { rows: { path: "/", since: "at", partition: each("a", [1]) } }, /declare "windows"/],
  [
    "windows and append",
    { rows: { path: "/", into: Log, windows: { field: "at", start: "2026-01-01", from: "from" } } },
    /appended twice/,
  ],
  ["ahead", { rows: { path: "/", page: cursor("$.next"), ahead: 4 } }, /needs page\(\) or offset\(\)/],
  ["a decoder", { rows: { path: "/", decode: { kind: "tsv" } as never } }, /is made with jsonLines\(\)/],
  [
    "a change",
    { rows: { path: "/", transform: [{ kind: "set", path: "id", value: 1 }] as never } },
    /a path starts with \$/,
  ],
  [
    "a step",
    { rows: { path: "/", windows: { field: "at", start: "2026-01-01", step: "soon" } } },
    /"streams.rows.windows.step" is a duration/,
  ],
  [
    "windows that nobody is told of",
    { rows: { path: "/", windows: { field: "at", start: "2026-01-01" } } },
    /name the query parameter in "from"/,
  ],
  [
    "steps without bounds",
    { rows: { path: "/", windows: { field: "at", start: "2026-01-01", step: "1d", filter: "here" } } },
    /"step" needs "from" and "to"/,
  ],
  [
    "a parent that does not know what is new",
    {
      shops: { path: "/" },
      rows: { path: "/", partition: parent("shops", { key: "$.id", as: "x", incremental: true }) },
    },
    /needs "windows" or "since" in stream "shops"/,
  ],
  [
    "a state beside other partitions",
    {
      shops: { path: "/", since: "at" },
      rows: {
        path: "/",
        partition: [parent("shops", { key: "$.id", as: "x", incremental: true }), each("a", [1])],
      },
    },
    /no effect beside other partitions/,
  ],
  [
    "new parents and replace",
    {
      shops: { path: "/", since: "at" },
      rows: { path: "/", write: "replace", partition: parent("shops", { key: "$.id", as: "x", incremental: true }) },
    },
    /would lose the rest/,
  ],
  [
    "a token in items of a list",
    { rows: { path: "/", decode: gzip(jsonItems("$.data")), page: cursor("$.next") } },
    /reads one by one/,
  ],
] as const)("a stream that is wrong in %s is refused", (_, declared, message) => {
  const streams = Object.fromEntries(
    Object.entries(declared as Record<string, Omit<StreamOptions, "into">>).map(([name, one]) => [
      name,
      { into: Row, ...one },
    ]),
  );
  expect(() => rest({ baseUrl: "https://api.example", streams })).toThrow(message);
});

it("windows and parents that are told of are taken", () => {
  const streams: Record<string, StreamOptions> = {
    shops: { path: "/shops", into: Row, windows: { field: "at", start: "2026-01-01", step: "1d", from: "a", to: "b" } },
    rows: { path: "/", into: Row, partition: parent("shops", { key: "$.id", as: "x", incremental: true }) },
  };
  expect(rest({ baseUrl: "https://api.example", streams }).outputs).toHaveLength(2);
});
