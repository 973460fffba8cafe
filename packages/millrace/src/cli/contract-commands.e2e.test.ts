// `millrace contract diff | history | snapshot` and `millrace replay` of several batches, on a project in a repository.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCommand } from "../testing/run-command.ts";
import { temporaryProject, type TemporaryProject } from "../testing/temporary-project.ts";

let shop: TemporaryProject;

const contracts = (columns: string, facts = "{}"): string =>
  `import { contract, t } from "millrace";\nexport const Item = contract("items", { id: t.int64(), ${columns} }, [], ${facts});\n`;

function git(...args: string[]): void {
  const identity = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false"];
  execFileSync("git", [...identity, ...args], { cwd: shop.folder, stdio: "pipe" });
}

async function json(...args: string[]): Promise<unknown> {
  const { out, err } = await runCommand(shop.folder, ...args, "--json");
  expect(err).toBe("");
  return JSON.parse(out);
}

beforeAll(async () => {
  shop = temporaryProject({
    "domains/shop/contracts.ts": contracts("note: t.string().optional()"),
    "domains/shop/channels.ts": `import { files } from "millrace";\nimport { Item } from "./contracts.ts";\nexport const items = files("in/*.csv", { into: Item });\n`,
    "in/a.csv": "id,note,price\n1,a,1.50\nx,b,2.50\n",
    "in/b.csv": "id,note,price\n2,c,oops\n",
  });
  git("init", "-q", "-b", "main");
  git("add", ".");
  git("commit", "-q", "-m", "first");
  expect((await runCommand(shop.folder, "run")).code).toBe(0);
}, 30_000);
afterAll(() => shop[Symbol.dispose]());

it("tells what changes against stored contracts, a commit, a snapshot and a folder; breaking ends with 1", async () => {
  expect(await runCommand(shop.folder, "contract", "diff")).toMatchObject({
    code: 0,
    out: "contracts: nothing changes\n",
  });
  writeFileSync(shop.path("contracts.json"), (await runCommand(shop.folder, "contract", "snapshot")).out);
  shop.write({
    "domains/shop/contracts.ts": contracts("note: t.string().optional(), price: t.decimal(9, 2).optional()"),
  });
  const compatible = { breaking: false, contracts: [{ table: "shop.items", class: "compatible" }] };
  for (const from of ["stored", "main", "HEAD", "contracts.json"])
    expect(await json("contract", "diff", "--from", from)).toMatchObject({ ...compatible, from });
  shop.write({ "domains/shop/contracts.ts": contracts("remark: t.string().optional()") });
  for (const from of ["stored", "main", "contracts.json"]) {
    const { code, out } = await runCommand(shop.folder, "contract", "diff", "shop.items", "--from", from);
    expect(code).toBe(1);
    expect(out).toContain(
      'shop.items: breaking\n  ~ column "remark" (string) is added\n  ! column "note" is gone (breaks readers)',
    );
  }
  expect((await runCommand(shop.folder, "contract", "diff", "--from", ".")).code).toBe(0);
});

it.for([
  ["no-such-ref", "no commit that git finds"],
  ["--upload-pack=x", "no commit that git finds"],
  ["in/a.csv", "holds no contracts"],
])("refuses %s as a moment", async ([from, problem]) => {
  const { code, err } = await runCommand(shop.folder, "contract", "diff", `--from=${from}`);
  expect(code).toBe(2);
  expect(err).toContain("error [request-invalid]");
  expect(err).toContain(problem);
});

it("tells the history, and loads a table's batches again under its new contract", async () => {
  shop.write({
    "domains/shop/contracts.ts": contracts("note: t.string().optional(), price: t.decimal(9, 2).optional()"),
  });
  expect((await runCommand(shop.folder, "run")).code).toBe(0);
  const found = (await json("replay", "--table", "shop.items", "--from", "2020-01-01")) as object;
  const count = (await json("query", "SELECT count(*) AS n FROM millrace.ledger WHERE kind = 'load'")) as [
    { n: number },
  ];
  expect(found).toMatchObject({ received: 3, accepted: 1, quarantined: 2, duplicate: 0, skipped: [] });
  expect((found as { replayed: unknown[] }).replayed).toHaveLength(count[0].n);
  expect(await json("query", "SELECT id, price FROM shop.items")).toEqual([
    { id: 1, price: expect.anything() as unknown },
  ]);
  expect(await json("contract", "history", "shop.items")).toMatchObject([
    { version: 1, class: "initial", origin: "project", batches: count[0].n, changes: [] },
    { version: 2, class: "compatible", origin: "project", batches: count[0].n, changes: [{ change: "column-added" }] },
  ]);
  const text = (await runCommand(shop.folder, "contract", "history")).out;
  expect(text).toContain('~ column "price" (decimal(9,2)) is added');
});

it.for([
  [["replay"], "Name one batch, or select several"],
  [["replay", "1", "--table", "shop.items"], "Name one batch, or select several"],
  [["replay", "--table", "shop.items", "--to", "2020-01-01"], "No batch in the ledger"],
  [["replay", "--table", "shop.items", "--from", "yesterday"], "2026-01-31"],
] as const)("refuses %j", async ([args, problem]) => {
  const { code, err } = await runCommand(shop.folder, ...args);
  expect(code).toBe(2);
  expect(err).toContain(problem);
});
