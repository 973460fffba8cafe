// Names say what a file holds. Words that fit everything say nothing.
import { type Finding, type Rule, type SourceTree } from "../tree.ts";

const EMPTY_WORDS = /^(utils?|helpers?|common|managers?|misc)$/i;
const KEBAB = /^\.?[a-z0-9]+([-.][a-z0-9]+)*$/;
const CHECKED = /^(packages|tests|benchmarks|scripts)\/.*\.(ts|js|mjs)$/;

function check(tree: SourceTree): Finding[] {
  const findings: Finding[] = [];
  for (const path of tree.keys()) {
    const empty = path.split(/[/._-]/).find((word) => EMPTY_WORDS.test(word));
    if (empty !== undefined) findings.push({ path, message: `"${empty}" in a name says nothing` });
    if (CHECKED.test(path) && !KEBAB.test(path.split("/").at(-1) ?? ""))
      findings.push({ path, message: "is not named in kebab-case" });
  }
  return findings;
}

/** No empty words in paths, and kebab-case file names. */
export const namesRule: Rule = {
  name: "names say something",
  check,
  planted: [
    {
      files: {
        "packages/core/src/utils.ts": "// X.",
        "packages/core/src/helpers/x.ts": "// X.",
        "packages/core/src/batch-manager.ts": "// X.",
        "packages/core/src/common/x.ts": "// X.",
        "packages/core/src/eventLog.ts": "// X.",
        "packages/core/src/commonplace.ts": "// X.",
      },
      finds: ['"utils"', '"helpers"', '"manager"', '"common"', "kebab-case"],
    },
  ],
};
