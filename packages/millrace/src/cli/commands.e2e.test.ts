// The commands as their user meets them: a fresh project, first rows, bad rows, and what is said when something is wrong.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "../testing/run-command.ts";

let root: string;
let shop: string;

beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "commands-")));
  shop = join(root, "shop");
  expect(await runCommand(root, "init", "shop")).toMatchObject({ code: 0, err: "" });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function json(...args: string[]): Promise<unknown> {
  const { code, out, err } = await runCommand(shop, ...args, "--json");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return JSON.parse(out);
}

describe("a new project", () => {
  it("loads its rows once, and nothing the second time", async () => {
    const first = (await json("run")) as { channels: object[]; batches: object[]; errors: object[] };
    expect(first.errors).toEqual([]);
    expect(first.channels).toMatchObject([
      { channel: "sales.daily", received: 8, accepted: 5, quarantined: 3, duplicate: 0, batches: 1 },
      { channel: "sales.page_views", received: 0 },
    ]);
    expect(await json("run")).toMatchObject({ batches: [], errors: [] });
    const text = await runCommand(shop, "run");
    expect(text.out).toMatch(/sales\.daily +\w+ +1 +8 +5 +3 +0/);
    expect(text.out).toContain("0 rows received in 0 batches");
  });

  it("answers queries as table, CSV and JSON", async () => {
    const sql = "SELECT store, count(*) AS n FROM sales.sales GROUP BY store ORDER BY store";
    expect((await runCommand(shop, "query", sql)).out).toBe(
      "store   n\n------  -\nnorth   2\nonline  2\nsouth   1\n(3 rows)\n",
    );
    expect((await runCommand(shop, "query", "--format", "csv", sql)).out).toBe(
      "store,n\r\nnorth,2\r\nonline,2\r\nsouth,1\r\n",
    );
    expect(await json("query", "SELECT 9007199254740993 AS big, sum(revenue) AS r FROM sales.revenue_by_day")).toEqual([
      // JSON.parse rounds here; the text keeps the digits.
      { big: Number("9007199254740993"), r: expect.anything() as unknown },
    ]);
    expect((await runCommand(shop, "query", "--json", "SELECT 9007199254740993 AS big")).out).toContain(
      "9007199254740993",
    );
  });

  it("lists and shows rejected rows with their codes, personal values hidden", async () => {
    const rows = (await json("quarantine", "list")) as { batch: number; row: number; codes: string[] }[];
    expect(rows.flatMap(({ codes }) => codes).sort()).toEqual([
      "sales.email.email",
      "sales.row.discount_below_price",
      "sales.store.type",
    ]);
    const bad = rows.find(({ codes }) => codes.includes("sales.email.email"));
    const shown = await runCommand(shop, "quarantine", "show", String(bad?.batch), String(bad?.row));
    expect(shown.out).toContain("failed    sales.email.email");
    expect(shown.out).not.toContain("not-an-address");
    const open = await runCommand(shop, "quarantine", "show", String(bad?.batch), String(bad?.row), "--show-pii");
    expect(open.out).toContain("not-an-address");
    expect(await runCommand(shop, "quarantine", "show", "99", "1")).toMatchObject({
      code: 2,
      err: expect.stringContaining("error [quarantine-not-found]") as unknown,
    });
  });

  it("shows status, batches and a clean plan", async () => {
    expect(await json("status")).toMatchObject({
      project: "shop",
      quarantine: { open: 3, held: 0 },
      models: [{ model: "sales.revenue_by_day", state: "fresh", rows: 5 }],
    });
    const batches = (await json("status", "--batches")) as { batch: number; kind: string }[];
    expect(batches).toMatchObject([{ kind: "load", received: 8 }]);
    expect(await json("plan")).toMatchObject({ empty: true, conflicts: [] });
    expect((await runCommand(shop, "plan")).out).toBe("plan: nothing changes\n");
  });

  it("tells the quality of all tables, and of one", async () => {
    expect(await json("quality")).toMatchObject([
      { table: "sales.page_views", passRate: null },
      { table: "sales.sales", passRate: 0.625, quarantine: { open: 3 } },
    ]);
    const { out } = await runCommand(shop, "quality", "sales.sales");
    expect(out).toMatch(/^sales\.sales: 62\.50 %, last run /);
    expect(out).toMatch(/sales\.email\.email +reject +87\.50 % +1 +8 +batch 1\n/);
    expect(out).toContain("email = [pii]");
    expect(await runCommand(shop, "quality", "sales.sale")).toMatchObject({
      code: 2,
      err: expect.stringContaining("sales.sales") as unknown,
    });
  });

  it("writes a report of everything as pages", async () => {
    const { out, code } = await runCommand(shop, "docs", "--out", join(root, "pages"));
    expect([code, out]).toEqual([0, "../pages/index.html: 4 pages\n"]);
    const page = readFileSync(join(root, "pages", "tables", "sales.sales.html"), "utf8");
    expect(page).toContain("email = [pii]");
    expect(page).not.toContain("not-an-address");
    expect(await runCommand(shop, "docs", "--out", shop)).toMatchObject({
      code: 2,
      err: expect.stringContaining("error [folder-not-empty]") as unknown,
    });
  });

  it("shows where a column comes from and what depends on it", async () => {
    const found = await runCommand(shop, "lineage", "sales.revenue_by_day.revenue", "--up");
    expect(found.out.split("\n").slice(0, 4)).toEqual([
      "comes from",
      "sales.revenue_by_day.revenue",
      "├─ sales.sales.discount  aggregation",
      "│  └─ channel sales.daily (files)",
    ]);
    expect(await json("lineage", "sales.sales.store", "--down")).toEqual({
      down: {
        kind: "column",
        name: "sales.sales.store",
        uses: [],
        steps: [{ kind: "column", name: "sales.revenue_by_day.store", uses: ["identity"], steps: [] }],
      },
    });
    expect(await runCommand(shop, "lineage", "sales.sale")).toMatchObject({
      code: 2,
      err: expect.stringContaining('did you mean "sales.sales"') as unknown,
    });
  });

  it("passes its own examination", async () => {
    const findings = (await json("doctor")) as { check: string; state: string }[];
    expect(findings.filter(({ state }) => state === "fail")).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual([
      "versions",
      "project",
      "budget",
      "disk space",
      "data folder",
      "stores",
      "ledger sums",
      "raw objects",
      "clock",
    ]);
  });
});

describe("a corrected contract", () => {
  it("is planned, then replayed over the same raw rows", async () => {
    const file = join(shop, "domains/sales/contracts.ts");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace('"north", "south", "online"', '"north", "south", "online", "airport"'));
    expect((await runCommand(shop, "plan")).out).toMatch(/~ table sales\.sales/);
    const [batch] = (await json("status", "--batches")) as { batch: number }[];
    expect(await json("replay", String(batch?.batch))).toMatchObject({
      kind: "replay",
      received: 8,
      accepted: 6,
      quarantined: 2,
    });
    expect(await json("query", "SELECT count(*) AS n FROM sales.sales")).toEqual([{ n: 6 }]);
    expect(await runCommand(shop, "replay", "9999")).toMatchObject({
      code: 2,
      err: expect.stringContaining("error [batch-not-found]") as unknown,
    });
  });
});

describe("backup and restore", () => {
  it("brings everything back as one cut, and gives nothing up unasked", { timeout: 60_000 }, async () => {
    const backup = join(root, "backup");
    expect(await json("backup", backup)).toMatchObject({ path: backup, objects: 1 });
    expect(await runCommand(shop, "backup", backup)).toMatchObject({
      code: 2,
      err: expect.stringContaining("error [folder-not-empty]") as unknown,
    });
    const refused = await runCommand(shop, "restore", backup);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining("--replace") as unknown });
    rmSync(join(shop, ".millrace"), { recursive: true });
    expect(await json("restore", backup)).toMatchObject({ objects: 1 });
    expect(await json("run")).toMatchObject({ batches: [] });
    expect(await json("query", "SELECT count(*) AS n FROM sales.sales")).toEqual([{ n: 6 }]);
    expect(await json("restore", "--replace", backup)).toMatchObject({ objects: 1 });
    const empty = join(root, "empty");
    mkdirSync(empty);
    expect(await runCommand(shop, "restore", "--replace", empty)).toMatchObject({
      code: 2,
      err: expect.stringContaining("error [backup-invalid]") as unknown,
    });
    expect(await json("query", "SELECT count(*) AS n FROM sales.sales")).toEqual([{ n: 6 }]);
  });
});

describe("what is wrong is said, with the next step and an exit code", () => {
  const cases: [title: string, args: string[], code: number, says: RegExp][] = [
    ["no command", [], 2, /Usage: millrace/],
    ["an unknown command", ["rnu"], 2, /unknown command 'rnu'/],
    ["an unknown option", ["run", "--fast"], 2, /unknown option '--fast'/],
    ["a missing argument", ["query"], 2, /missing required argument 'sql'/],
    ["a number that is none", ["replay", "x"], 2, /A number is expected/],
    ["a statement that is no SELECT", ["query", "DROP TABLE sales.sales"], 2, /error \[query-refused\]/],
    ["a statement that cannot be parsed", ["query", "SELEC 1"], 2, /error \[query-invalid\]/],
    ["a table that is not there", ["query", "SELECT * FROM sales.sale"], 2, /error \[query-invalid\]/],
    ["a folder that is not empty", ["init", "."], 2, /error \[folder-not-empty\]/],
    ["a folder without a project", ["-p", "/", "run"].slice(2).concat("-p", "/"), 2, /error \[project-not-found\]/],
  ];
  for (const [title, args, code, says] of cases)
    it(title, async () => {
      const result = await runCommand(shop, ...args);
      expect(result.code).toBe(code);
      expect(result.err).toMatch(says);
    });

  it("as JSON on request", async () => {
    const { code, out, err } = await runCommand(shop, "query", "--json", "SELECT * FROM sales.sale");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(JSON.parse(err)).toMatchObject({ error: { code: "query-invalid", kind: "user" } });
  });

  it("names file, line and nearest column of a wrong rule", async () => {
    const file = join(shop, "domains/sales/contracts.ts");
    const text = readFileSync(file, "utf8");
    const wrong = text.replace('check.compare("discount", "<=", "price")', "sql`discount <= prise`");
    writeFileSync(file, wrong.replace("import { check,", "import { check, sql,"));
    try {
      const { code, err } = await runCommand(shop, "run");
      expect(code).toBe(2);
      const line = text.split("\n").findIndex((one) => one.includes('rule("discount_below_price"')) + 1;
      expect(err).toContain(`${file}:${line}: rule "discount_below_price"`);
      expect(err).toContain('there is no column "prise"; did you mean "price"?');
    } finally {
      writeFileSync(file, text);
    }
  });

  it("a contract that contradicts the stored table is a conflict, and no row is lost", async () => {
    const file = join(shop, "domains/sales/contracts.ts");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("quantity: t.int32().min(1)", "quantity: t.date()"));
    try {
      const plan = await runCommand(shop, "plan");
      expect(plan.code).toBe(2);
      expect(plan.err).toContain("error [contract-conflict]");
      expect((await runCommand(shop, "run")).err).toContain("error [contract-conflict]");
    } finally {
      writeFileSync(file, text);
    }
    expect(await json("query", "SELECT count(*) AS n FROM sales.sales")).toEqual([{ n: 6 }]);
  });

  it("a broken project does not keep anyone from an examination", async () => {
    const file = join(shop, "domains/sales/channels.ts");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, `${text}\nconst broken: number = ;\n`);
    try {
      const { code, out } = await runCommand(shop, "doctor");
      expect(code).toBe(1);
      expect(out).toMatch(/fail {2}project: \[project-code-failed\] .*channels\.ts:\d+: .*Expression expected/);
    } finally {
      writeFileSync(file, text);
    }
  });
});

it("every command shows examples in its help", async () => {
  const { out } = await runCommand(root, "--help");
  const names = [...out.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1] ?? "").filter((name) => name !== "help");
  expect(names.length).toBeGreaterThan(14);
  for (const name of names) expect((await runCommand(root, name, "--help")).out).toMatch(/Examples:\n {2}\$ millrace /);
  expect(existsSync(join(root, ".millrace"))).toBe(false);
});
