// `millrace test` as its author meets it: the template's tests pass, a broken rule or model is told with what differs, and mistakes with their line.
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { runCommand, type CommandResult } from "../testing/run-command.ts";

// Many commands, each of which opens the data folder for itself.
vi.setConfig({ testTimeout: 60_000 });

let root: string;
let shop: string;

beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "row-tests-")));
  shop = join(root, "shop");
  await runCommand(root, "init", "shop");
  const stock = join(shop, "domains", "stock");
  mkdirSync(join(stock, "models"), { recursive: true });
  mkdirSync(join(stock, "tests"));
  writeFileSync(
    join(stock, "contracts.ts"),
    `import { contract, t } from "millrace";
export const Item = contract("items", { sku: t.string().key(), name: t.string().optional() });
export const Move = contract("moves", { sku: t.string().references("stock.items.sku"), qty: t.int32().from("Quantity") });\n`,
  );
  writeFileSync(join(stock, "models", "on_hand.sql"), "SELECT sku, sum(qty)::INT AS qty FROM moves GROUP BY sku\n");
  writeFileSync(join(stock, "models", "low.sql"), "SELECT sku FROM on_hand WHERE qty < 5 ORDER BY sku DESC\n");
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function withTests(text: string): Promise<CommandResult> {
  writeFileSync(join(shop, "domains", "stock", "tests", "stock.yaml"), text);
  return runCommand(shop, "test", "--domain", "stock");
}

it("passes the tests of a new project, and leaves its data alone", async () => {
  const { code, out, err } = await runCommand(shop, "test", "--domain", "sales");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/pass {2}sales\.sales: each broken rule has its code \(\d+ ms\)/);
  expect(out).toContain("2 passed, 0 failed");
  expect((await runCommand(shop, "test", "revenu of days")).out).toBe(
    "none of the 2 tests is meant: see millrace test --help\n",
  );
  expect(existsSync(join(shop, ".millrace"))).toBe(false);
});

it("holds rows without a parent, builds models between, and takes mock rows for models", async () => {
  const { code, out } = await withTests(`
- name: a move waits for its item
  contract: moves
  tables: { items: [{ sku: a }] }
  given: [{ sku: a, Quantity: 3 }, { sku: b, Quantity: 1 }, { sku: a, Quantity: x }]
  expect: { held: [2], rejected: { 3: [moves.qty.type] }, accepted: [{ sku: a, qty: 3 }] }
- name: through the model between
  model: low
  tables: { moves: [{ sku: a, qty: 3 }, { sku: a, qty: 3 }, { sku: b, qty: 2 }] }
  expect: [{ sku: b }]
- name: the model between mocked, in order
  model: low
  tables: { stock.on_hand: [{ sku: a, qty: 1 }, { sku: c, qty: 2 }, { sku: b, qty: 9 }] }
  expect: { ordered: true, rows: [{ sku: c }, { sku: a }] }
`);
  expect(out).toContain("3 passed, 0 failed");
  expect(code).toBe(0);
});

it("tells what differs, and ends with 1", async () => {
  const failing = `
- name: wrong expectation
  contract: moves
  given: [{ sku: a, Quantity: 3 }]
  expect: { rejected: { 1: [moves.sku.length] } }
- name: wrong number
  model: on_hand
  tables: { moves: [{ sku: a, qty: 3 }] }
  expect: [{ sku: a, qty: 4 }]
- name: mock row that does not fit
  model: on_hand
  tables: { moves: [{ sku: a, qty: many }] }
  expect: []
- name: nothing of that name
  model: on_hnad
  expect: []
`;
  const { code, out } = await withTests(failing);
  expect(code).toBe(1);
  expect(out).toContain("FAIL  stock.moves: wrong expectation");
  expect(out).toContain("domains/stock/tests/stock.yaml:2");
  expect(out).toContain("row 1: expected rejected by moves.sku.length, is held");
  expect(out).toContain("qty: expected 4, is 3");
  expect(out).toContain("Mock row 1 of stock.moves does not fit the table: qty: many is no int32.");
  expect(out).toMatch(/stock\.yaml:14: there is no model stock\.on_hnad.*on_hand/);
  const json = await runCommand(shop, "test", "wrong number", "--json");
  expect([json.code, JSON.parse(json.out)]).toMatchObject([
    1,
    { passed: 0, failed: 1, tests: [{ name: "wrong number", subject: "stock.on_hand", line: 6 }] },
  ]);
});

it.each([
  ["- contract: moves\n  model: low\n", "stock.yaml:1: a test names either a contract or a model"],
  ["- contract: moves\n  given: 5\n", "stock.yaml:1: given is a list of rows"],
  ["- contract: moves\n  given: [{}]\n  expect: { rejected: { 2: [x] } }\n", "row 2 is none of the 1 given rows"],
  ["- contract: moves\n  given: []\n  expected: {}\n", '"expected" is not known here'],
  ["- model: low\n  expect: { ordered: yes, rows: [] }\n", "stock.yaml:1: expect.ordered is neither true nor false"],
  ["a: [1\nb: 2\n", "stock.yaml:2"],
])("tells a mistake with its line: %j", async (text, message) => {
  const { code, err } = await withTests(text);
  expect([code, err]).toEqual([2, expect.stringContaining(message)]);
});
