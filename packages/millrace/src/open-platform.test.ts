// The composition root: single adapters can be exchanged, nothing stays open when one fails, and a wrong rule stops everything before it starts.
import { existsSync } from "node:fs";
import { MillraceError, silentLogger, type HttpClient } from "@millrace/core";
import { afterEach, expect, it } from "vitest";
import { openPlatform } from "./open-platform.ts";
import { loadProject } from "./project/load-project.ts";
import { temporaryProject, type TemporaryProject } from "./testing/temporary-project.ts";

let folder: TemporaryProject | undefined;
afterEach(() => folder?.[Symbol.dispose]());

const contracts = (predicate: string): Record<string, string> => ({
  "domains/a/contracts.ts": `import { contract, rule, sql, t } from "millrace";
export const A = contract("a", { id: t.string().key(), size: t.int64() }, [
  rule("positive", sql\`size > 0\`),
  rule("second", sql\`${predicate}\`),
]);
`,
  "domains/a/channels.ts":
    'import { events } from "millrace";\nimport { A } from "./contracts.ts";\nexport const in_a = events({ into: A });\n',
});

it("opens, takes events, loads them, and can be opened again after it was closed", async () => {
  folder = temporaryProject(contracts("size < 100"));
  const project = await loadProject(folder.folder);
  {
    await using opened = await openPlatform({ project, log: silentLogger });
    await opened.platform.start({ live: false });
    const body = Buffer.from('{"id":"x","size":5}\n{"id":"y","size":500}\n{"id":"z","size":"big"}\n');
    expect(await opened.platform.ingest("a.in_a", { body, format: "ndjson" })).toMatchObject({
      received: 3,
      // Rules in SQL are judged when the events are loaded.
      rejected: [{ index: 2, codes: ["a.size.type"] }],
    });
    expect((await opened.platform.runUntilIdle({})).errors).toEqual([]);
  }
  await using again = await openPlatform({ project, log: silentLogger });
  expect((await again.platform.warehouse.query("SELECT id, size FROM a.a")).rows).toEqual([["x", 5n]]);
  const refused = await again.platform.quarantineList({ limit: 10 });
  expect(refused.map(({ codes }) => codes)).toEqual([["a.row.second"], ["a.size.type"]]);
});

it("exchanges adapters, and closes what was opened when one of them fails", async () => {
  folder = temporaryProject(contracts("size < 100"));
  const project = await loadProject(folder.folder);
  const closed: string[] = [];
  const http: HttpClient = {
    request: () => Promise.reject(new MillraceError("upstream-unavailable", "nobody is there")),
    close: async () => void closed.push("http"),
  };
  const failing = openPlatform({
    project,
    log: silentLogger,
    adapters: (embedded) => ({
      ...embedded,
      http: async () => http,
      eventLog: () => Promise.reject(new MillraceError("storage-failed", "the disk is gone")),
    }),
  });
  await expect(failing).rejects.toMatchObject({ code: "storage-failed" });
  expect(closed).toEqual(["http"]);
  expect(existsSync(folder.path(".millrace/owner.lock"))).toBe(false);
  await using opened = await openPlatform({ project, log: silentLogger });
  expect(await opened.platform.warehouse.tables()).toEqual([]);
});

it("owns its data folder alone", async () => {
  folder = temporaryProject(contracts("size < 100"));
  const project = await loadProject(folder.folder);
  await using opened = await openPlatform({ project, log: silentLogger });
  await expect(openPlatform({ project, log: silentLogger })).rejects.toMatchObject({ code: "data-folder-locked" });
  expect(opened.folder.path).toBe(folder.path(".millrace"));
});

const wrongRules: [title: string, predicate: string, says: RegExp][] = [
  [
    "a column that is not there",
    "sise < 100",
    /contracts\.ts:4: rule "second" of "a": there is no column "sise"; did you mean "size"\?/,
  ],
  [
    "something that is not true or false",
    "size + 1",
    /contracts\.ts:4: rule "second" of "a": is BIGINT; a rule is true or false/,
  ],
  ["SQL that cannot be parsed", "size <", /contracts\.ts:4: rule "second" of "a": /],
];
for (const [title, predicate, says] of wrongRules)
  it(`refuses a rule with ${title}, with its line`, async () => {
    folder = temporaryProject(contracts(predicate));
    const error: unknown = await openPlatform({
      project: await loadProject(folder.folder),
      log: silentLogger,
    }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "contract-invalid" });
    expect((error as Error).message).toMatch(says);
  });
