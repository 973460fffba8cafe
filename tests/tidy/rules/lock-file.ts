// The lock file installs everywhere: complete for all platforms, free of addresses, and without licences or scripts that were not agreed to.
import { missingPlatformPackages, type LockEntry } from "../../../scripts/complete-lock.ts";
import { readJson, type Finding, type Rule, type SourceTree } from "../tree.ts";

const LOCK_FILE = "package-lock.json";
/** What users install with Millrace. Tools of the workspace may have other licences: nobody receives them. */
const LICENCES = new Set(["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Apache-2.0"]);

interface InstalledPackage extends LockEntry {
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
}

function checkInstalled(name: string, entry: InstalledPackage): string[] {
  const problems: string[] = [];
  const shipped = entry.dev !== true && entry.devOptional !== true;
  if (entry.resolved?.startsWith("http") === true)
    problems.push(`${name} carries an address; .npmrc should keep it out`);
  if (entry.hasInstallScript === true) problems.push(`${name} runs a script when it is installed`);
  // Platform packages that were added by hand carry no licence of their own; they share the one of the package that wants them.
  const unknown = entry.license === undefined && entry.optional === true;
  if (shipped && !unknown && !LICENCES.has(entry.license ?? ""))
    problems.push(`${name} has the licence ${entry.license ?? "unknown"}`);
  return problems;
}

function check(tree: SourceTree): Finding[] {
  const entries = readJson<{ packages: Record<string, InstalledPackage> }>(tree, LOCK_FILE).packages ?? {};
  const missing = [...missingPlatformPackages(entries).keys()].map(
    (path) => `lacks ${path}; run: npm run lock:complete`,
  );
  const problems = Object.entries(entries)
    .filter(([path, entry]) => path.includes("node_modules/") && entry.link !== true)
    .flatMap(([path, entry]) => checkInstalled(path.replace(/^.*node_modules\//, ""), entry));
  return [...missing, ...problems].map((message) => ({ path: LOCK_FILE, message }));
}

/** Complete, without addresses, install scripts and foreign licences. */
export const lockFileRule: Rule = {
  name: "the lock file installs everywhere",
  check,
  planted: [
    {
      files: {
        [LOCK_FILE]: JSON.stringify({
          packages: {
            "": { license: "none" },
            "node_modules/@millrace/core": { link: true, resolved: "packages/core" },
            "node_modules/engine": { license: "MIT", optionalDependencies: { "engine-linux-x64": "1.0.0" } },
            "node_modules/copyleft": { license: "GPL-3.0-only" },
            "node_modules/tool": { license: "MPL-2.0", dev: true },
            "node_modules/native": {
              license: "MIT",
              hasInstallScript: true,
              resolved: "https://example.org/native.tgz",
            },
          },
        }),
      },
      finds: ["lacks node_modules/engine-linux-x64", "copyleft has the licence GPL", "native carries", "native runs"],
    },
  ],
};
