// The picture of the packages is true: ARCHITECTURE.md, the package.json files and the TypeScript references say the same.
import { readJson, type Finding, type Rule, type SourceTree } from "../tree.ts";
import { packagesOf, packageTable } from "../workspace.ts";

interface TsConfig {
  readonly references: readonly { readonly path: string }[];
}

function check(tree: SourceTree): Finding[] {
  const table = packageTable(tree);
  const findings: Finding[] = [];
  const packages = packagesOf(tree);
  for (const { short, path, own } of packages) {
    const drawn = table.get(short);
    if (drawn === undefined)
      findings.push({ path, message: `package ${short} is not in the table of ARCHITECTURE.md` });
    else if (drawn.join() !== own.join())
      findings.push({
        path,
        message: `depends on [${own.join(", ")}], but ARCHITECTURE.md says [${drawn.join(", ")}]`,
      });
    const config = path.replace("package.json", "tsconfig.json");
    const references = (readJson<TsConfig>(tree, config).references ?? []).map((reference) =>
      reference.path.replace("../", ""),
    );
    if (references.sort().join() !== own.join())
      findings.push({
        path: config,
        message: `references [${references.join(", ")}], but package.json depends on [${own.join(", ")}]`,
      });
  }
  for (const short of table.keys()) {
    if (!packages.some((known) => known.short === short))
      findings.push({ path: "ARCHITECTURE.md", message: `package ${short} does not exist` });
  }
  return findings;
}

const reference = (name: string): string => `{"references":[{"path":"../${name}"}]}`;

/** Dependency table, package.json and tsconfig.json agree. */
export const packageTableRule: Rule = {
  name: "the package table equals the packages",
  check,
  planted: [
    {
      files: {
        "ARCHITECTURE.md": "| `core` | words | nothing |\n| `quality` | rules | `core` |\n| `gone` | old | `core` |",
        "packages/core/package.json": '{"name":"@millrace/core","dependencies":{"@millrace/quality":"0.1.0"}}',
        "packages/core/tsconfig.json": reference("quality"),
        "packages/quality/package.json": '{"name":"@millrace/quality","dependencies":{"@millrace/core":"0.1.0"}}',
        "packages/quality/tsconfig.json": "{}",
        "packages/extra/package.json": '{"name":"@millrace/extra"}',
        "packages/extra/tsconfig.json": "{}",
      },
      finds: ["depends on [quality]", "package extra is not", "references []", "package gone"],
    },
  ],
};
