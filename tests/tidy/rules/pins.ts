// Versions are exact and equal: what was tested is what is installed, on every machine.
import { filesMatching, readJson, type Finding, type Rule, type SourceTree } from "../tree.ts";
import { shortName, type PackageJson } from "../workspace.ts";

function check(tree: SourceTree): Finding[] {
  const version = readJson<PackageJson>(tree, "package.json").version ?? "";
  const findings: Finding[] = [];
  for (const [path] of filesMatching(tree, /^([^/]+\/){0,2}package\.json$/)) {
    const json = readJson<PackageJson>(tree, path);
    if (json.version !== version)
      findings.push({ path, message: `has version ${json.version}, the workspace has ${version}` });
    const dependencies = { ...json.dependencies, ...json.devDependencies, ...json.optionalDependencies };
    for (const [name, range] of Object.entries(dependencies)) {
      if (shortName(name) !== undefined && range !== version)
        findings.push({ path, message: `wants ${name} ${range}, the workspace has ${version}` });
      if (!/^\d+\.\d+\.\d+/.test(range)) findings.push({ path, message: `does not pin ${name}: ${range}` });
    }
  }
  return findings;
}

/** One version for the workspace, and exact versions of everything else. */
export const pinsRule: Rule = {
  name: "versions are exact and equal",
  check,
  planted: [
    {
      files: {
        "package.json": '{"version":"0.2.0","devDependencies":{"vitest":"^5.0.0"}}',
        "packages/core/package.json": '{"version":"0.1.0","dependencies":{"yaml":"2.9.1","@millrace/core":"0.1.0"}}',
      },
      finds: ["does not pin vitest", "has version 0.1.0", "wants @millrace/core 0.1.0"],
    },
  ],
};
