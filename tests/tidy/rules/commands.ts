// Commands in the documentation exist: a reader can paste them.
import { filesMatching, readJson, type Finding, type Rule, type SourceTree } from "../tree.ts";
import { lineAt } from "../imports.ts";
import type { PackageJson } from "../workspace.ts";

const DOCUMENTS =
  /^(README|CONTRIBUTING|ARCHITECTURE|SECURITY|docs\/(?!adr\/).*)\.md$|^(examples|benchmarks)\/.*README\.md$/;
const SCRIPT = /\bnpm (?:run (?:-s )?([a-z][a-z0-9:-]*)|(test|start)\b)/g;
/** A call of the command line in code: at the start of a line, of a span, or after npx. */
const CALL = /(?:^|`|npx )millrace ([a-z]+)\b/gm;
/** `command("run", ...)`, `serveCommand("dev", ...)`, `new Command("x")`, `.command("x")`. */
const DEFINED = /(?:[cC]ommand|commandGroup)\(\s*["'`]([a-z]+)/g;

function commandsOf(tree: SourceTree): Set<string> {
  const sources = filesMatching(tree, /^packages\/millrace\/src\/cli\/.*\.ts$/);
  return new Set(sources.flatMap(([, text]) => [...text.matchAll(DEFINED)].map((match) => match[1] ?? "")));
}

function check(tree: SourceTree): Finding[] {
  const scripts = readJson<PackageJson>(tree, "package.json").scripts ?? {};
  const commands = commandsOf(tree);
  const findings: Finding[] = [];
  for (const [path, text] of filesMatching(tree, DOCUMENTS)) {
    for (const match of text.matchAll(SCRIPT)) {
      const script = match[1] ?? match[2] ?? "";
      if (scripts[script] === undefined)
        findings.push({ path, line: lineAt(text, match.index), message: `npm script "${script}" does not exist` });
    }
    for (const match of text.matchAll(CALL)) {
      const command = match[1] ?? "";
      if (!commands.has(command))
        findings.push({
          path,
          line: lineAt(text, match.index),
          message: `command "millrace ${command}" does not exist`,
        });
    }
  }
  return findings;
}

/** Every npm script and every command that the documentation names exists. */
export const commandsRule: Rule = {
  name: "documented commands exist",
  check,
  planted: [
    {
      files: {
        "package.json": '{"scripts":{"test":"vitest run","check":"x"}}',
        "packages/millrace/src/cli/main.ts": '// Entry.\nprogram.command("run [folder]");',
        "docs/guide.md": "Millrace runs. `millrace run`\n\n```sh\nnpx millrace lost\nmillrace gone --json\n```\n",
        "README.md": "Run `npm ci && npm test`, `npm start` or\n`npm run nothing -- --once`, then `npm run check`.",
      },
      finds: ['"start"', '"nothing"', '"millrace lost"', '"millrace gone"'],
    },
  ],
};
