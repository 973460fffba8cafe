// Imports follow the dependency direction: what is imported is declared, what is declared is imported, and adapters stay apart.
import { importsOf, packageOf } from "../imports.ts";
import { filesMatching, isTestFile, readJson, type Finding, type Rule, type SourceTree } from "../tree.ts";
import { isAdapter, packagesOf, shortName, type PackageJson, type WorkspacePackage } from "../workspace.ts";

/** Engines that one package alone may touch, so that everything else goes through a port. */
const ENGINE_OWNERS: Readonly<Record<string, string>> = {
  "@duckdb/node-api": "warehouse-duckdb",
  "node:sqlite": "store-local",
  kysely: "store-local",
  fastify: "server",
};

function checkFile(
  owner: WorkspacePackage,
  path: string,
  text: string,
  rootTools: ReadonlySet<string>,
): { findings: Finding[]; used: string[] } {
  const findings: Finding[] = [];
  const used: string[] = [];
  const declared = new Set(Object.keys({ ...owner.json.dependencies, ...owner.json.peerDependencies }));
  const declaredForTests = new Set([...declared, ...Object.keys(owner.json.devDependencies ?? {}), ...rootTools]);
  for (const { specifier, line } of importsOf(text)) {
    const engine = specifier.startsWith("node:") ? specifier : packageOf(specifier);
    const engineOwner = engine === undefined ? undefined : ENGINE_OWNERS[engine];
    if (engineOwner !== undefined && engineOwner !== owner.short && !isTestFile(path))
      findings.push({ path, line, message: `imports ${engine}, which only ${engineOwner} may` });
    const name = packageOf(specifier);
    if (name === undefined || name === owner.json.name) continue;
    used.push(name);
    if (!(isTestFile(path) ? declaredForTests : declared).has(name))
      findings.push({ path, line, message: `imports ${name}, which its package.json does not declare` });
  }
  return { findings, used };
}

function checkAdapters(owner: WorkspacePackage): Finding[] {
  return owner.own
    .filter((name) => isAdapter(name) && owner.short !== "millrace")
    .map((name) => ({ path: owner.path, message: `${owner.short} depends on the adapter ${name}; only millrace may` }));
}

function check(tree: SourceTree): Finding[] {
  const rootTools = new Set(Object.keys(readJson<PackageJson>(tree, "package.json").devDependencies ?? {}));
  const findings: Finding[] = [];
  for (const owner of packagesOf(tree)) {
    findings.push(...checkAdapters(owner));
    const used = new Set<string>();
    for (const [path, text] of filesMatching(tree, new RegExp(`^packages/${owner.short}/(src|bin)/.*\\.(ts|js)$`))) {
      const result = checkFile(owner, path, text, rootTools);
      findings.push(...result.findings);
      if (!isTestFile(path)) for (const name of result.used) used.add(name);
    }
    for (const name of Object.keys(owner.json.dependencies ?? {})) {
      if (shortName(name) !== undefined && !used.has(name))
        findings.push({ path: owner.path, message: `declares ${name}, which no source imports` });
    }
  }
  return findings;
}

/** Real imports equal the declared dependencies, and engines stay behind their adapter. */
export const importsRule: Rule = {
  name: "imports follow the dependency direction",
  check,
  planted: [
    {
      files: {
        "packages/core/package.json": '{"name":"@millrace/core"}',
        "packages/core/src/up.ts":
          '// Up.\nimport { run } from "@millrace/runtime";\n// import x from "@millrace/server";',
        "packages/core/src/up.test.ts": '// Test.\nimport { it } from "vitest";',
      },
      finds: ["imports @millrace/runtime", "imports vitest"],
    },
    {
      files: {
        "package.json": '{"devDependencies":{"vitest":"5.1.1"}}',
        "packages/store-local/package.json":
          '{"name":"@millrace/store-local","dependencies":{"@millrace/warehouse-duckdb":"0.1.0"}}',
        "packages/store-local/src/a.test.ts": '// Test.\nimport { it } from "vitest";',
        "packages/store-local/src/a.ts": '// A.\nconst { x } = await import("@millrace/warehouse-duckdb/inner");',
      },
      finds: ["depends on the adapter warehouse-duckdb"],
    },
    {
      files: {
        "packages/quality/package.json":
          '{"name":"@millrace/quality","dependencies":{"@millrace/core":"0.1.0","@duckdb/node-api":"1.0.0"}}',
        "packages/quality/src/a.ts":
          '// A.\nimport { DuckDBInstance } from "@duckdb/node-api";\nexport {\n  y,\n} from "node:sqlite";',
      },
      finds: ["only warehouse-duckdb may", "only store-local may", "declares @millrace/core"],
    },
  ],
};
