// `millrace contract` as its user meets it: out, in again, and into a project that loads what was written.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { loadProject } from "../project/load-project.ts";
import { runCommand } from "../testing/run-command.ts";

vi.setConfig({ testTimeout: 60_000 });

let root: string;
let shop: string;

beforeAll(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "contract-command-")));
  shop = join(root, "shop");
  await runCommand(root, "init", "shop");
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

it("writes a contract in each language, and what is lost beside it", async () => {
  const odcs = await runCommand(shop, "contract", "export", "sales.sales");
  expect({ code: odcs.code, err: odcs.err }).toEqual({ code: 0, err: "" });
  expect(parse(odcs.out)).toMatchObject({ apiVersion: "v3.1.0", schema: [{ name: "sales" }] });
  const avro = await runCommand(shop, "contract", "export", "sales.sales", "--as", "avro", "--json");
  const answer = JSON.parse(avro.out) as { readonly text: string; readonly losses: readonly object[] };
  expect(JSON.parse(answer.text)).toMatchObject({ type: "record", name: "sales", namespace: "sales" });
  expect(answer.losses.length).toBeGreaterThan(0);
  const types = await runCommand(shop, "contract", "export", "sales.sales", "--as", "typescript");
  expect(types.out).toContain("export interface Sales {");
  expect(types.err).toMatch(/things are said differently, or not at all:\n {2}\w+: /);
  const schema = await runCommand(shop, "contract", "export", "sales.sales", "--as", "json-schema");
  expect(JSON.parse(schema.out)).toMatchObject({ $id: "urn:millrace:sales.sales", type: "object" });
  expect(existsSync(join(shop, ".millrace"))).toBe(false);
});

it("brings back what went out: the project is the same with the imported file", async () => {
  const before = await loadProject(shop, { signal: new AbortController().signal });
  await runCommand(shop, "contract", "export", "sales.sales", "--out", "sales.yaml");
  mkdirSync(join(shop, "domains", "copy"));
  const { code, out } = await runCommand(
    shop,
    "contract",
    "import",
    "sales.yaml",
    "--out",
    "domains/copy/contracts.ts",
  );
  expect({ code, out }).toEqual({ code: 0, out: "domains/copy/contracts.ts: sales\n" });
  const after = await loadProject(shop, { signal: new AbortController().signal });
  const contractIn = (project: typeof before, domain: string) =>
    project.domains.find(({ name }) => name === domain)?.contracts.find(({ name }) => name === "sales");
  const { location: _there, ...copied } = contractIn(after, "copy")!;
  const { location: _here, ...original } = contractIn(before, "sales")!;
  expect(copied).toEqual(original);
});

it("replaces no file unasked", async () => {
  writeFileSync(join(shop, "mine.ts"), "// mine\n");
  await runCommand(shop, "contract", "export", "sales.sales", "--out", "out.yaml");
  const refused = await runCommand(shop, "contract", "import", "out.yaml", "--out", "mine.ts");
  expect(refused).toMatchObject({ code: 2, out: "" });
  expect(refused.err).toContain("error [file-exists]: mine.ts is there already and differs.");
  expect(readFileSync(join(shop, "mine.ts"), "utf8")).toBe("// mine\n");
  expect((await runCommand(shop, "contract", "import", "out.yaml", "--out", "mine.ts", "--force")).code).toBe(0);
  // The same once more changes nothing, so it is no conflict.
  expect((await runCommand(shop, "contract", "import", "out.yaml", "--out", "mine.ts")).code).toBe(0);
});

it("tells mistakes with file and line, and writes nothing", async () => {
  writeFileSync(join(shop, "bad.yaml"), "apiVersion: v3.1.0\nkind: DataContract\nownr: me\n");
  const bad = await runCommand(shop, "contract", "import", "bad.yaml", "--out", "bad.ts");
  expect(bad).toMatchObject({ code: 2, out: "" });
  expect(bad.err).toMatch(/error \[contract-file-invalid\]: bad\.yaml:3: the contract has no field "ownr"/);
  expect(existsSync(join(shop, "bad.ts"))).toBe(false);
  writeFileSync(join(shop, "what.json"), '{"a": 1}');
  expect((await runCommand(shop, "contract", "import", "what.json")).err).toContain(
    "what.json:1: what it is cannot be told; say it with --as",
  );
  expect((await runCommand(shop, "contract", "import", "gone.json")).err).toContain(
    "gone.json: the file cannot be read",
  );
  const unknown = await runCommand(shop, "contract", "export", "sales.sale");
  expect(unknown.err).toContain(
    'error [contract-unknown]: There is no contract "sales.sale"; did you mean "sales.sales"?',
  );
});
