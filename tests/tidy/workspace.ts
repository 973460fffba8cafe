// The packages of the workspace as their package.json files declare them, and as ARCHITECTURE.md draws them.
import { filesMatching, readJson, type SourceTree } from "./tree.ts";

/** The fields of a package.json that the rules look at. */
export interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly private: boolean;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** A package in `packages/`. `short` is its folder, `own` the short names of our packages that it depends on. */
export interface WorkspacePackage {
  readonly short: string;
  readonly path: string;
  readonly json: Partial<PackageJson>;
  readonly own: readonly string[];
}

/** The published packages, by folder name. */
export function packagesOf(tree: SourceTree): WorkspacePackage[] {
  return filesMatching(tree, /^packages\/[^/]+\/package\.json$/).map(([path]) => {
    const json = readJson<PackageJson>(tree, path);
    const own = Object.keys(json.dependencies ?? {}).map(shortName);
    return { short: path.split("/")[1] ?? "", path, json, own: own.filter((name) => name !== undefined).sort() };
  });
}

/** `@millrace/core` to `core`, `millrace` to itself, anything else to undefined. */
export function shortName(name: string): string | undefined {
  if (name === "millrace") return name;
  return name.startsWith("@millrace/") ? name.slice("@millrace/".length) : undefined;
}

/** Adapters implement ports over one engine; their folder is named after the port and the engine. */
export function isAdapter(short: string): boolean {
  return /^(store|warehouse|log|objects|cache|search|secrets|notifier)-/.test(short);
}

/** The table of packages in ARCHITECTURE.md: rows of "| `name` | reason | `may`, `import` |". */
export function packageTable(tree: SourceTree): Map<string, string[]> {
  const table = new Map<string, string[]>();
  for (const line of (tree.get("ARCHITECTURE.md") ?? "").split("\n")) {
    const row = /^\|\s*`([a-z-]+)`\s*\|[^|]*\|([^|]*)\|/.exec(line);
    if (row?.[1] !== undefined)
      table.set(row[1], [...(row[2] ?? "").matchAll(/`([a-z-]+)`/g)].map((cell) => cell[1] ?? "").sort());
  }
  return table;
}
