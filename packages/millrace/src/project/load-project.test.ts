// What an author meets: a whole project as data, or an error that names the file and the line.
import { existsSync } from "node:fs";
import { MillraceError } from "@millrace/core";
import { afterEach, describe, expect, it } from "vitest";
import { temporaryProject, type TemporaryProject } from "../testing/temporary-project.ts";
import type { LoadOptions } from "./load-raw-project.ts";
import { loadProject } from "./load-project.ts";
import { findProjectFolder } from "./project-files.ts";

let project: TemporaryProject | undefined;
afterEach(() => project?.[Symbol.dispose]());

async function refused(files: Record<string, string>, options?: LoadOptions): Promise<MillraceError> {
  project = temporaryProject(files);
  const outcome = await loadProject(project.folder, options).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(MillraceError);
  return outcome as MillraceError;
}

const catalog = `import { contract, t } from "millrace";
export const Product = contract("products", { sku: t.string().key(), price: t.decimal(12, 2).min(0) });
`;

const promotions = {
  "domains/catalog/contracts.ts": catalog,
  "domains/promotions/contracts.ts": `import { contract, rule, sql, t } from "millrace";
export const Promotion = contract("promotions", {
  promo_id: t.string().key(),
  sku: t.string().references("catalog.products.sku"),
  starts: t.timestamp(),
  ends: t.timestamp(),
}, [rule("ends_after_start", sql\`ends > starts\`)]);
export const helperNumber = 7;
`,
  "domains/promotions/channels.ts": `import { bearer, cursor, env, files, marker, rest, secret } from "millrace";
import { Product } from "../catalog/contracts.ts";
import { Promotion } from "./contracts.ts";
export const weekly = files("promotions/*.csv", { into: Promotion, ready: marker("_SUCCESS"), every: "on-arrival" });
export const flash = rest({
  baseUrl: env("MPTS_URL"), auth: bearer(secret("MPTS_TOKEN")),
  streams: { flash: { path: "/flash-sales", records: "$.data", page: cursor("$.next"), since: "updated_at", into: Promotion } },
  rateLimit: { requests: 10, perSeconds: 1 }, every: "30s",
});
export const products = files("products/*.csv", { into: Product });
`,
  "domains/promotions/models/current_price.sql": "-- Prices that hold now.\nSELECT 1 AS one\n",
};

describe("a good project", () => {
  it("comes as data: domains, channels by export name, models, contracts in the domain that owns them", async () => {
    project = temporaryProject(promotions);
    const loaded = await loadProject(project.folder);
    expect(loaded.config).toEqual({ name: "shop" });
    const [own, promo] = loaded.domains;
    expect(own?.contracts.map(({ name }) => name)).toEqual(["products"]);
    expect(promo?.contracts.map(({ name }) => name)).toEqual(["promotions"]);
    expect(
      promo?.channels.map(({ name, outputs }) => [name, outputs.map((o) => `${o.domain}.${o.contract.name}`)]),
    ).toEqual([
      ["weekly", ["promotions.promotions"]],
      ["flash", ["promotions.promotions"]],
      ["products", ["catalog.products"]],
    ]);
    expect(promo?.models).toMatchObject([{ domain: "promotions", name: "current_price" }]);
    expect(promo?.contracts[0]?.location).toEqual({ file: project.path("domains/promotions/contracts.ts"), line: 2 });
    expect(() => structuredClone(loaded)).not.toThrow();
  });

  it("is found from a folder inside it", () => {
    project = temporaryProject(promotions);
    expect(findProjectFolder(project.path("domains/catalog"))).toBe(project.folder);
    expect(() => findProjectFolder("/")).toThrow(expect.objectContaining({ code: "project-not-found" }) as Error);
  });

  it("is read anew at each load, imported modules included", async () => {
    project = temporaryProject({
      "domains/a/columns.ts": 'import { t } from "millrace";\nexport const columns = { id: t.string().key() };\n',
      "domains/a/contracts.ts":
        'import { contract } from "millrace";\nimport { columns } from "./columns.ts";\nexport const A = contract("a", columns);\n',
    });
    const columns = async (): Promise<string[]> =>
      (await loadProject(project!.folder)).domains[0]!.contracts[0]!.columns.map(({ name }) => name);
    expect(await columns()).toEqual(["id"]);
    project.write({
      "domains/a/columns.ts":
        'import { t } from "millrace";\nexport const columns = { id: t.string().key(), added: t.int64().optional() };\n',
    });
    expect(await columns()).toEqual(["id", "added"]);
  });
});

describe("code that fails", () => {
  const cases: [title: string, source: string, line: number, says: RegExp][] = [
    ["throws", '\nfunction price(): never {\n  throw new TypeError("boom");\n}\nprice();\n', 3, /TypeError: boom/],
    ["has a TypeScript syntax error", "const a = 1;\nexport const x: number = ;\n", 2, /Expression expected/],
    ["has a JavaScript syntax error", "\nconst a = 1;\nconst a = 2;\n", 3, /already been declared/],
    ["uses what Node cannot strip", "\nexport enum Kind { A }\n", 2, /enum is not supported/],
    ["imports a file that is not there", '// One.\nimport "./missing.ts";\n', 2, /Cannot find module/],
    ["imports a package that is not there", '// One.\n\nimport "left-pad-9";\n', 3, /Cannot find package/],
    ["imports a name that is not there", 'import { contrat } from "millrace";\n', 1, /export named 'contrat'/],
    ["throws something that is no error", 'throw "nothing";\n', 1, /threw nothing/],
    ["loops for ever", "let n = 0;\nfor (;;) {\n  n += 1;\n}\n", 2, /did not finish loading within 1500 ms/],
    ["waits for ever", "await new Promise((done) => setTimeout(done, 1e8));\n", 1, /did not finish loading/],
    ["ends the thread", "process.exit(0);\n", 1, /ended the thread/],
    ["exports a list of channels", '// x\nexport const all = [{ kind: "channel" }];\n', 1, /list of definitions/],
  ];
  for (const [title, source, line, says] of cases)
    it(`${title}: file and line`, async () => {
      const error = await refused({ "domains/a/contracts.ts": source }, { timeoutMs: 1500 });
      expect(error.code).toBe("project-code-failed");
      expect(error.message).toMatch(says);
      // A loop may be met at its head or in its body.
      const lines = title.startsWith("loops") ? [2, 3] : [line];
      expect(lines.map((at) => `${project!.path("domains/a/contracts.ts")}:${at}`)).toContain(
        /^(.*?:\d+): /.exec(error.message)?.[1],
      );
    });

  it("keeps the coded error of a definition that Millrace refuses", async () => {
    const error = await refused({
      "domains/a/contracts.ts":
        'import { contract, t } from "millrace";\n\nexport const A = contract("a", { n: t.decimal(4, 9) });\n',
    });
    expect(error.code).toBe("contract-invalid");
    expect(error.message).toContain(`${project!.path("domains/a/contracts.ts")}:3: `);
  });
});

describe("definitions that do not fit together", () => {
  it("names the nearest table and column of a wrong reference", async () => {
    const reference = (target: string): Record<string, string> => ({
      "domains/catalog/contracts.ts": catalog,
      "domains/b/contracts.ts": `import { contract, t } from "millrace";\nexport const B = contract("b", { sku: t.string().references("${target}") });\n`,
    });
    expect((await refused(reference("catalog.product.sku"))).message).toMatch(
      /contracts\.ts:2: .*"catalog\.product", which no contract declares; did you mean "catalog\.products"\?/,
    );
    expect((await refused(reference("catalog.products.skus"))).message).toContain('did you mean "sku"?');
    expect((await refused(reference("catalog.products.price"))).message).toContain("is string but references");
  });

  it("refuses names that differ by case only, reserved names and a contract with two owners, all at once", async () => {
    const error = await refused({
      "domains/main/contracts.ts": 'export { Product } from "../catalog/contracts.ts";\n',
      "domains/catalog/contracts.ts": `${catalog}export const Other = contract("PRODUCTS", { id: t.string().key() });\n`,
      "domains/catalog/models/products.sql": "SELECT 1 AS one\n",
    });
    expect(error.code).toBe("project-invalid");
    expect(error.message).toContain('the name "main" is reserved');
    expect(error.message).toContain('contract "PRODUCTS" has the name of contract "products"');
    expect(error.message).toContain('model "products" has the name of contract "products"');
    expect(error.message).toContain('exported by the domains "catalog" and "main"');
    expect(error.details?.["problems"]).toHaveLength(4);
  });

  it("refuses settings that do not exist or have the wrong shape", async () => {
    const config = (settings: string): Record<string, string> => ({
      "millrace.config.ts": `import { defineProject } from "millrace";\n\nexport const project = defineProject(${settings} as never);\n`,
    });
    const wrong = await refused(config('{ name: "shop", server: { prot: 1, host: "" }, limits: { memory: "much" } }'));
    expect(wrong.message).toMatch(
      /millrace\.config\.ts:3: setting "server\.prot" does not exist; did you mean "port"\?/,
    );
    expect(wrong.message).toContain('setting "server.host" is a text; received ""');
    expect(wrong.message).toContain('setting "limits.memory" is a size such as "512MiB"');
    expect((await refused(config("{}"))).message).toContain('setting "name" is missing');
    expect((await refused({ "millrace.config.ts": "export const a = 1;\n" })).message).toContain("exports no project");
  });

  it("refuses a policies file, because nothing would enforce it", async () => {
    const error = await refused({ "domains/a/policies.ts": "export const x = 1;\n" });
    expect(error.message).toContain("policies are not enforced");
    expect(existsSync(project!.path("domains/a/policies.ts"))).toBe(true);
  });
});
