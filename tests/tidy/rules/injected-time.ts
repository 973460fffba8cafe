// Time and chance come in through the ports Clock and Random, so that a simulation can own them and a failure repeats from its seed.
import { lineAt } from "../imports.ts";
import { filesMatching, isTestFile, type Finding, type Rule, type SourceTree } from "../tree.ts";

/** The real clock, and the package that hands it to all others. */
const EXEMPT = /^packages\/(core\/src\/time\/system\.ts|millrace\/)/;
const AMBIENT =
  /(?<![\w.])(Date\.now\(|new Date\(\)|performance\.now\(|process\.hrtime|Math\.random\(|setTimeout\(|setInterval\(|randomUUID\()/g;

function isComment(text: string, position: number): boolean {
  const line = text.slice(text.lastIndexOf("\n", position) + 1, position);
  return /^\s*(\*|\/\/|\/\*)|\/\/ /.test(line);
}

function check(tree: SourceTree): Finding[] {
  return filesMatching(tree, /^packages\/[^/]+\/src\/.*\.ts$/)
    .filter(([path]) => !isTestFile(path) && !EXEMPT.test(path))
    .flatMap(([path, text]) =>
      [...text.matchAll(AMBIENT)]
        .filter((match) => !isComment(text, match.index))
        .map((match) => ({
          path,
          line: lineAt(text, match.index),
          message: `uses ${match[1]?.replace("(", "") ?? ""} instead of the ports Clock and Random`,
        })),
    );
}

/** No source reads the machine's clock or chance by itself. */
export const injectedTimeRule: Rule = {
  name: "time and chance are injected",
  check,
  planted: [
    {
      files: {
        "packages/core/src/time/system.ts": "// Real.\nDate.now();",
        "packages/runtime/src/a.ts":
          "// A: not Date.now() here.\nconst at = Date.now();\nclock.setTimeout(x);\nawait new Promise((done) => setTimeout(done, 5));",
        "packages/runtime/src/a.test.ts": "// A.\nMath.random();",
      },
      finds: ["uses Date.now", "uses setTimeout"],
    },
  ],
};
