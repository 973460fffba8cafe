// The lock file installs everywhere: complete for all platforms, free of addresses, and without licences or scripts that were not agreed to.
import { missingPlatformPackages, resolveFrom, type LockEntry } from "../../../scripts/complete-lock.ts";
import { readJson, type Finding, type Rule, type SourceTree } from "../tree.ts";

const LOCK_FILE = "package-lock.json";
/** What users install with Millrace. Tools of the workspace may have other licences: nobody receives them. */
const LICENCES = new Set(["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Apache-2.0"]);

interface InstalledPackage extends LockEntry {
  readonly license?: string;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
}

type Entries = Readonly<Record<string, InstalledPackage>>;

/** Everything that comes along when someone installs the packages of this workspace. */
function shippedPackages(entries: Entries): Set<string> {
  const shipped = new Set<string>();
  const waiting = Object.keys(entries).filter((path) => /^packages\/[^/]+$/.test(path));
  for (let location = waiting.pop(); location !== undefined; location = waiting.pop()) {
    const { dependencies, optionalDependencies } = entries[location] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const found = resolveFrom(location, name, entries);
      if (found === undefined || shipped.has(found)) continue;
      shipped.add(found);
      waiting.push(found);
    }
  }
  return shipped;
}

function checkInstalled(name: string, entry: InstalledPackage, shipped: boolean): string[] {
  const problems: string[] = [];
  if (entry.resolved?.startsWith("http") === true) problems.push(`${name} carries an address; .npmrc keeps it out`);
  if (entry.hasInstallScript === true) problems.push(`${name} runs a script when it is installed`);
  // Entries that the completion added carry no licence; they share the one of the package that wants them.
  const unknown = entry.license === undefined && entry.optional === true;
  if (shipped && !unknown && !LICENCES.has(entry.license ?? ""))
    problems.push(`${name} has the licence ${entry.license ?? "unknown"}`);
  return problems;
}

/** Packages whose scripts the workspace does not run. */
function deniedScripts(tree: SourceTree): ReadonlySet<string> {
  const { allowScripts = {} } = readJson<{ allowScripts?: Readonly<Record<string, boolean>> }>(tree, "package.json");
  return new Set(Object.keys(allowScripts).filter((name) => allowScripts[name] === false));
}

function check(tree: SourceTree): Finding[] {
  const denied = deniedScripts(tree);
  const entries = readJson<{ packages: Entries }>(tree, LOCK_FILE).packages ?? {};
  const shipped = shippedPackages(entries);
  const missing = [...missingPlatformPackages(entries).keys()].map(
    (path) => `lacks ${path}; run: npm run lock:complete`,
  );
  const problems = Object.entries(entries)
    .filter(([path, entry]) => path.includes("node_modules/") && entry.link !== true)
    .flatMap(([path, entry]) => {
      const name = path.replace(/^.*node_modules\//, "");
      // What others install with our packages would run its script there.
      const silent = denied.has(name) && !shipped.has(path);
      return checkInstalled(
        name,
        { ...entry, hasInstallScript: entry.hasInstallScript === true && !silent },
        shipped.has(path),
      );
    });
  return [...missing, ...problems].map((message) => ({ path: LOCK_FILE, message }));
}

/** Complete, without addresses, install scripts and foreign licences. */
export const lockFileRule: Rule = {
  name: "the lock file installs everywhere",
  check,
  planted: [
    {
      files: {
        "package.json": JSON.stringify({ allowScripts: { denied: false, between: false } }),
        [LOCK_FILE]: JSON.stringify({
          packages: {
            "": { license: "none" },
            "node_modules/@millrace/core": { link: true, resolved: "packages/core" },
            "packages/core": { dependencies: { between: "1.0.0" } },
            "node_modules/denied": { license: "MIT", hasInstallScript: true },
            "node_modules/between": { license: "ISC", hasInstallScript: true, dependencies: { copyleft: "1.0.0" } },
            "node_modules/engine": { license: "MIT", optionalDependencies: { "engine-linux-x64": "1.0.0" } },
            "node_modules/copyleft": { license: "GPL-3.0-only" },
            "node_modules/tool": { license: "MPL-2.0" },
            "node_modules/native": {
              license: "MIT",
              hasInstallScript: true,
              resolved: "https://example.org/native.tgz",
            },
          },
        }),
      },
      finds: [
        "lacks node_modules/engine-linux-x64",
        "copyleft has the licence GPL",
        "native carries",
        "native runs",
        "between runs",
      ],
    },
  ],
};
