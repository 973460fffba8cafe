// Commands in the documentation exist: a reader can paste them.
import { filesMatching, readJson, type Finding, type Rule, type SourceTree } from "../tree.ts";
import { lineAt } from "../imports.ts";
import type { PackageJson } from "../workspace.ts";

const COMMAND = /\bnpm (?:run (?:-s )?([a-z][a-z0-9:-]*)|(test|start)\b)/g;

function check(tree: SourceTree): Finding[] {
  const scripts = readJson<PackageJson>(tree, "package.json").scripts ?? {};
  const findings: Finding[] = [];
  for (const [path, text] of filesMatching(
    tree,
    /^(README|CONTRIBUTING|ARCHITECTURE|SECURITY|docs\/.*)\.md$|^(examples|benchmarks)\/.*README\.md$/,
  )) {
    for (const match of text.matchAll(COMMAND)) {
      const script = match[1] ?? match[2] ?? "";
      if (scripts[script] === undefined)
        findings.push({ path, line: lineAt(text, match.index), message: `npm script "${script}" does not exist` });
    }
  }
  return findings;
}

/** Every npm script named in the documentation is in package.json. */
export const commandsRule: Rule = {
  name: "documented commands exist",
  check,
  planted: [
    {
      files: {
        "package.json": '{"scripts":{"test":"vitest run","check":"x"}}',
        "README.md": "Run `npm ci && npm test`, `npm start` or\n`npm run nothing -- --once`, then `npm run check`.",
      },
      finds: ['"start"', '"nothing"'],
    },
  ],
};
