// Rejected rows as their owner meets them: tried, repaired by value, SQL and function, re-admitted, discarded; what is said and what is remembered.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { runCommand } from "../testing/run-command.ts";

// Many commands, each of which opens the data folder for itself.
vi.setConfig({ testTimeout: 60_000 });

let root: string;
let shop: string;

beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "quarantine-")));
  shop = join(root, "shop");
  await runCommand(root, "init", "shop");
  expect(await runCommand(shop, "run")).toMatchObject({ code: 0 });
  mkdirSync(join(shop, "fixes"));
  write("store.ts", [
    "export function fix(record: Record<string, string>, row: { codes: string[] }) {",
    '  console.log("looking at", row.codes);',
    '  return row.codes.includes("sales.store.type") ? { ...record, store: "online" } : undefined;',
    "}",
  ]);
  write("broken.ts", ["export function fix(record: any) {", "  return record.nothing.here;", "}"]);
  write("endless.ts", ["export const other = 1;"]);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, lines: readonly string[]): void {
  writeFileSync(join(shop, "fixes", name), `${lines.join("\n")}\n`);
}

function quarantine(...args: string[]): ReturnType<typeof runCommand> {
  return runCommand(shop, "quarantine", ...args);
}

async function json(...args: string[]): Promise<unknown> {
  const { code, out, err } = await quarantine(...args, "--json");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return JSON.parse(out);
}

it("tries a fix without changing anything, then does it, and the model follows", async () => {
  const fix = [
    "fix",
    "--code",
    "sales.row.discount_below_price",
    "--sql",
    "discount = (discount::decimal(9,2) / 10)::decimal(9,2)",
  ];
  const tried = await quarantine(...fix, "--dry-run");
  expect(tried).toMatchObject({ code: 0, err: "" });
  expect(tried.out).toContain("sales.sales: 1 row would be repaired, 1 re-admitted");
  expect(tried.out).toContain("dry run: nothing was changed");
  expect(await json("list", "--state", "open")).toHaveLength(3);
  expect(await json(...fix, "--readmit", "--reason", "a tenth was meant")).toMatchObject({
    rows: 1,
    readmitted: 1,
    failing: [],
  });
  const models = await runCommand(shop, "query", "--json", "SELECT sum(sales)::INT AS n FROM sales.revenue_by_day");
  const stored = await runCommand(shop, "query", "--json", "SELECT count(*) AS n FROM sales.sales");
  expect(JSON.parse(stored.out)).toEqual([{ n: 6 }]);
  expect(JSON.parse(models.out)).toEqual([{ n: 6 }]);
});

it("repairs with a TypeScript function, which is told where it fails", async () => {
  const broken = await quarantine("fix", "--table", "sales.sales", "--with", "fixes/broken.ts");
  expect(broken.code).toBe(2);
  expect(broken.err).toMatch(/project-code-failed.*fixes\/broken\.ts:2/s);
  expect((await quarantine("fix", "--table", "sales.sales", "--with", "fixes/endless.ts")).err).toContain(
    "fix(record, row)",
  );
  const fix = ["fix", "--table", "sales.sales", "--with", "fixes/store.ts"];
  const tried = (await json(...fix, "--dry-run")) as { samples: { after: string }[] };
  expect(tried).toMatchObject({ rows: 1, readmitted: 1, dryRun: true });
  expect(tried.samples[0]?.after).toContain('"store":"online"');
  expect(await json(...fix, "--readmit")).toMatchObject({ rows: 1, readmitted: 1 });
});

it("repairs one row by hand, discards another, and remembers who and why", async () => {
  const [row] = (await json("list", "--state", "open")) as [{ batch: number; row: number }];
  const place = [String(row.batch), String(row.row)];
  expect((await quarantine("discard", ...place)).err).toContain("Discarding needs a reason");
  const wrong = await quarantine("fix", ...place, "--value", "email=still wrong", "--readmit");
  expect(wrong.out).toContain("sales.email.email");
  expect(wrong.out).toContain("what still fails stays in quarantine");
  expect(await json("fix", ...place, "--null", "email", "--dry-run")).toMatchObject({ rows: 1, readmitted: 1 });
  expect(await json("discard", ...place, "--reason", "test order")).toMatchObject({ rows: 1 });
  const shown = await quarantine("show", ...place);
  expect(shown.out).toMatch(/discarded\n/);
  expect(shown.out).toMatch(/discard {3}by \S+, 2\S+Z: test order/);
  expect(shown.out).toMatch(/fix {7}by /);
  expect((await quarantine("readmit", ...place)).err).toContain("is discarded; nothing was changed");
  expect(JSON.parse((await runCommand(shop, "status", "--json")).out)).toMatchObject({
    quarantine: { open: 0, held: 0, readmitted: 2, discarded: 1 },
  });
});

it("repairs a row once, also when it then waits for its parent", async () => {
  const stock = join(root, "stock");
  const files: Readonly<Record<string, string>> = {
    "millrace.config.ts":
      'import { defineProject } from "millrace";\nexport const project = defineProject({ name: "stock" });\n',
    "domains/stock/contracts.ts": `import { contract, t } from "millrace";
export const Item = contract("items", { sku: t.string().key() });
export const Move = contract("moves", { sku: t.string().references("stock.items.sku"), qty: t.int32() });\n`,
    "domains/stock/channels.ts": `import { files, quietPeriod } from "millrace";
import { Move } from "./contracts.ts";
export const moves = files("drops/*.csv", { into: Move, ready: quietPeriod("1s"), every: "on-arrival" });\n`,
    "drops/moves.csv": "sku,qty\na,x1\nb,5\n",
    "fix.ts": `export function fix(record: Record<string, string>) {
  return { ...record, qty: \`\${record.qty.replace("x", "")}0\` };\n}\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(stock, name)), { recursive: true });
    writeFileSync(join(stock, name), text);
  }
  expect(await runCommand(stock, "run")).toMatchObject({ code: 0 });
  const states = async (): Promise<unknown> => {
    const { out } = await runCommand(stock, "quarantine", "list", "--json");
    return (JSON.parse(out) as Record<string, unknown>[]).map(({ row, state, repaired }) => [row, state, repaired]);
  };
  expect(await states()).toEqual([
    [1, "open", undefined],
    [2, "held", undefined],
  ]);
  const fix = ["fix", "--table", "stock.moves", "--with", "fix.ts", "--readmit", "--json"];
  const { code, out } = await runCommand(stock, "quarantine", ...fix);
  expect([code, JSON.parse(out)]).toMatchObject([0, { rows: 2, readmitted: 0 }]);
  expect(await states()).toEqual([
    [1, "held", '{"sku":"a","qty":"10"}'],
    [2, "held", '{"sku":"b","qty":"50"}'],
  ]);
});

it.each([
  [["fix", "1", "1"], "A fix needs one of"],
  [["fix", "1", "1", "--value", "a=1", "--sql", "a=1"], "A fix needs one of"],
  [["fix", "--record", "{}"], "--record is for a single row"],
  [["fix", "--record", "5"], "A JSON object is expected"],
  [["fix", "--value", "price"], "column=value is expected"],
])("says what is missing: quarantine %j", async (args, message) => {
  const { code, err } = await quarantine(...args);
  expect([code, err]).toEqual([2, expect.stringContaining(message)]);
});
