// The report as files: complete links, the same bytes for the same state, hostile text as text, and hundreds of tables.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { contract, rule, sql, t } from "@millrace/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Report } from "./report-graph.ts";
import { writeReport } from "./write-report.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "millrace-report-"));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const hostile = `"><script>alert(1)</script><img src=x onerror='alert(2)'>\u202e&amp;`;

/** Tables in a chain of models, each with a channel, a failing rule, samples and figures. */
function report(tables: number, text = "usual text"): Report {
  const names = Array.from({ length: tables }, (_, at) => `d${at % 7}.t${at}`);
  const contracts = names.map((name) => {
    const { location: _location, ...definition } = contract(
      name.slice(name.indexOf(".") + 1),
      {
        id: t.int64().key(),
        note: t
          .string()
          .pattern(`x|${text.replace(/[^a-z ]/g, "")}`)
          .describe(text)
          .optional()
          .pii(),
      },
      [rule("sane", sql`note <> ${text}`, text)],
    );
    return definition;
  });
  return {
    project: text,
    contracts,
    quality: names.map((table, at) => ({
      table,
      owner: text,
      passRate: 0.96,
      failing: at === 0 ? ["t0.row.sane"] : [],
      rules: [
        {
          code: "t0.row.sane",
          severity: "reject",
          columns: [],
          text,
          description: text,
          judges: "rows",
          judged: 3,
          failed: 1,
          passRate: 2 / 3,
          lastFailure: { batch: 3, atMs: 1_767_571_200_000, found: text },
        },
      ],
      quarantine: { open: 1, held: 0, readmitted: 2, discarded: 12_345 },
      lastRun: { batch: 3, channel: text, committedMs: 1_767_571_200_000 },
      trend: [1, 2, 3].map((batch) => ({
        batch,
        kind: "load",
        channel: text,
        committedMs: 1_767_571_200_000 + batch,
        received: 10,
        accepted: 9,
        quarantined: 1,
        duplicate: 0,
      })),
      samples: [
        {
          batch: 3,
          row: 1,
          channel: "c",
          table,
          codes: ["t0.row.sane"],
          reasons: [text],
          state: "open",
          original: text.repeat(300),
          objectKey: "k",
          position: 1,
        },
      ],
      figures: [
        {
          code: "t0.set.v",
          dimension: text,
          points: [1, 2].map((batch) => ({
            batch,
            atMs: batch,
            value: (10n ** 20n) as unknown as number,
            low: null,
            high: 2,
            state: "fails",
          })),
        },
      ],
    })),
    models: [{ name: "d0.model", materialize: "table", columns: [{ name: "id", engineType: "BIGINT" }], text }],
    lineage: [
      ...names.map((name) => ({
        name,
        kind: "table" as const,
        columns: ["id", "note"],
        channels: [{ name: text, connector: "files" }],
        inputs: [],
      })),
      {
        name: "d0.model",
        kind: "model" as const,
        columns: ["id"],
        channels: [],
        inputs: names.slice(0, 3),
        lineage: {
          columns: [{ name: "id", sources: [{ table: "d0.t0", column: "id", uses: ["identity" as const] }] }],
          rows: [],
        },
      },
    ],
  };
}

function files(folder: string): readonly string[] {
  return (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith(".html")).sort();
}

it("writes a page for everything, and no link leads nowhere", async () => {
  const out = join(root, "out");
  const written = await writeReport(report(12), out);
  expect(written.pages).toBe(14);
  for (const name of files(out)) {
    const text = readFileSync(join(out, name), "utf8");
    for (const [, href = ""] of text.matchAll(/ href="([^"#]+)"/g))
      expect(existsSync(join(out, dirname(name), href)), `${name}: ${href}`).toBe(true);
  }
  const index = readFileSync(join(out, "index.html"), "utf8");
  expect(index).toContain('<a href="tables/d0.t0.html">d0.t0</a>');
  expect(readFileSync(join(out, "tables", "d0.t0.html"), "utf8")).toContain("d0.model.id");
  expect(readFileSync(join(out, "tables", "d0.model.html"), "utf8")).toContain("identity");
});

it("shows hostile text as text, and lets pages load nothing", async () => {
  const out = join(root, "out");
  await writeReport(report(3, hostile), out);
  for (const name of files(out)) {
    const text = readFileSync(join(out, name), "utf8");
    expect(text).not.toMatch(/<script|<img|onerror=[^&]*'|\u202e/);
    expect(text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    // Every attribute is closed where it was opened: the tags are those of the report.
    const tags = new Set([...text.matchAll(/<\/?([a-z0-9]+)/g)].map(([, tag]) => tag));
    expect([...tags].filter((tag) => /script|img|iframe|object|link|form|foreignobject/.test(tag ?? ""))).toEqual([]);
    expect(text).toContain("default-src &#39;none&#39;");
    expect(text.replaceAll(/<style>[^<]*<\/style>/g, "")).not.toMatch(/ (?:src|on\w+)="|https?:\/\//);
  }
});

it("writes the same bytes for the same state, over an earlier report, and over nothing else", async () => {
  const [one, two] = [join(root, "one"), join(root, "two")];
  await writeReport(report(12), one);
  await writeReport(report(20), two);
  await writeReport(report(12), two);
  expect(files(two)).toEqual(files(one));
  for (const name of files(one)) expect(readFileSync(join(two, name)).equals(readFileSync(join(one, name)))).toBe(true);
  const other = join(root, "other");
  mkdirSync(other);
  writeFileSync(join(other, "index.html"), "<h1>mine</h1>");
  await expect(writeReport(report(1), other)).rejects.toMatchObject({ code: "folder-not-empty" });
  writeFileSync(join(one, "notes.txt"), "mine");
  await expect(writeReport(report(1), one)).rejects.toMatchObject({ code: "folder-not-empty" });
  expect(readFileSync(join(other, "index.html"), "utf8")).toBe("<h1>mine</h1>");
});

it("holds with 500 tables: one box per domain in the picture, every table in the list", async () => {
  const out = join(root, "out");
  const began = process.cpuUsage();
  const written = await writeReport(report(500), out);
  expect(written.pages).toBe(502);
  expect(written.bytes).toBeLessThan(20 * 1024 * 1024);
  expect(process.cpuUsage(began).user / 1e6).toBeLessThan(10);
  const index = readFileSync(join(out, "index.html"), "utf8");
  expect(index.match(/<g class="node/g)?.length).toBe(7);
  expect(index.match(/<th scope="row"><a /g)?.length).toBe(501);
});
