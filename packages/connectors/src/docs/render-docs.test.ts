// The pages under docs/connectors say what the connectors say of themselves.
import { readFile, readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { describeConnectors } from "../registry.ts";
import { renderConnectorDocs } from "./render-docs.ts";

const folder = new URL("../../../../docs/connectors/", import.meta.url);

it("are not stale; else run: npm run docs", async () => {
  const pages = renderConnectorDocs();
  expect((await readdir(fileURLToPath(folder))).sort()).toEqual([...pages.keys()].sort());
  for (const [name, text] of pages) expect(await readFile(new URL(name, folder), "utf8")).toBe(text);
});

it("describe every option that an author can write, inner ones too", () => {
  const names = new Map(describeConnectors().map(({ name, fields }) => [name, fields.map((field) => field.name)]));
  expect([...names.keys()]).toEqual(["airbyte", "events", "files", "rest", "uploads", "webhook"]);
  expect(names.get("files")).toEqual(
    expect.arrayContaining(["pattern", "into", "write", "folder", "ready", "every", "onRewrite", "rescan"]),
  );
  expect(names.get("rest")).toEqual(
    expect.arrayContaining(["streams.since.lookback", "rateLimit.perSeconds", "retry.budget", "streams.into"]),
  );
  expect(names.get("events")).toEqual(expect.arrayContaining(["validate", "batch.ageMs"]));
});
