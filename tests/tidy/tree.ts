// The code base as data: every text file by its path. Rules read this and nothing else, so a planted violation is just another tree.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Text files by their path from the root, with forward slashes. */
export type SourceTree = ReadonlyMap<string, string>;

/** One place that breaks a rule. `line` counts from 1. */
export interface Finding {
  readonly path: string;
  readonly line?: number;
  readonly message: string;
}

/** A rule of the code base, with at least one violation that it must find. */
export interface Rule {
  readonly name: string;
  readonly check: (tree: SourceTree) => readonly Finding[];
  readonly planted: readonly PlantedViolation[];
}

/** A small tree that breaks a rule, and a piece of each message that the rule must give, in order. */
export interface PlantedViolation {
  readonly files: Readonly<Record<string, string>>;
  readonly finds: readonly string[];
}

const SKIPPED_FOLDERS = new Set([
  "node_modules",
  "dist",
  "coverage",
  ".git",
  ".tsbuild",
  ".reports",
  ".millrace",
  ".data",
]);
const TEXT_FILE = /(\.(ts|js|mjs|json|md|sql|yml|yaml|sh)|(^|\/)(run|LICENSE|NOTICE))$/;

/** Reads every text file below `root`; folders of installed, built or loaded things are left out. */
export function loadTree(root: string): SourceTree {
  const files = new Map<string, string>();
  const visit = (folder: string): void => {
    const entries = readdirSync(join(root, folder), { withFileTypes: true });
    for (const entry of entries.sort((left, right) => (left.name < right.name ? -1 : 1))) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!SKIPPED_FOLDERS.has(entry.name)) visit(path);
      } else if (entry.isFile() && TEXT_FILE.test(path)) {
        files.set(path, readFileSync(join(root, path), "utf8"));
      }
    }
  };
  visit("");
  return files;
}

/** Files whose path matches, in path order. */
export function filesMatching(tree: SourceTree, pattern: RegExp): [path: string, text: string][] {
  return [...tree].filter(([path]) => pattern.test(path));
}

/** Parses a JSON file of the tree; a missing file is an empty object. */
export function readJson<T extends object>(tree: SourceTree, path: string): Partial<T> {
  return JSON.parse(tree.get(path) ?? "{}") as Partial<T>;
}

/** True for tests, and for the code that only tests run. */
export function isTestFile(path: string): boolean {
  return path.endsWith(".test.ts") || /\/src\/(.*\/)?(testing|fixtures)\//.test(path);
}
