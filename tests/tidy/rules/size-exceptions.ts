// Size limits are lint rules. A file may switch one off only while it is on this list, and the list only gets shorter.
import { lineAt } from "../imports.ts";
import { filesMatching, readJson, type Finding, type Rule, type SourceTree } from "../tree.ts";

/** Files that break a size limit, each with its reason. Shrink only: lower `EXCEPTIONS_MAX` with every entry that goes. */
const EXCEPTIONS: Readonly<Record<string, string>> = {};
const EXCEPTIONS_MAX = 0;

const SIZE_RULES = ["max-lines", "max-lines-per-function", "complexity", "max-depth"];
const SWITCH = /(?:ox|es)lint-disable(?:-next-line|-line)?(?![\w-])([^\n]*)/g;
/** Functions in tests and conformance suites are lists of cases; their length says nothing. */
const ALLOWED_OVERRIDE = { files: "**/*.test.ts,packages/core/src/testing/**", rule: "max-lines-per-function" };

interface LintConfig {
  readonly overrides: readonly {
    readonly files: readonly string[];
    readonly rules: Readonly<Record<string, unknown>>;
  }[];
}

function switchedOff(text: string): { line: number; rules: string }[] {
  return [...text.matchAll(SWITCH)]
    .map((match) => ({ line: lineAt(text, match.index), rules: (match[1] ?? "").replace(/--.*|\*\/.*/, "").trim() }))
    .filter(({ rules }) => rules === "" || SIZE_RULES.some((rule) => rules.split(/[\s,]+/).includes(rule)));
}

function check(tree: SourceTree): Finding[] {
  const findings: Finding[] = [];
  const config = readJson<LintConfig>(tree, ".oxlintrc.json");
  for (const { files, rules } of config.overrides ?? []) {
    for (const rule of SIZE_RULES.filter((name) => rules[name] !== undefined)) {
      if (files.join() !== ALLOWED_OVERRIDE.files || rule !== ALLOWED_OVERRIDE.rule)
        findings.push({ path: ".oxlintrc.json", message: `loosens ${rule} for ${files.join(", ")}` });
    }
  }
  for (const [path, text] of filesMatching(tree, /\.(ts|js|mjs)$/)) {
    if (path.startsWith("tests/tidy/") || EXCEPTIONS[path] !== undefined) continue;
    for (const { line, rules } of switchedOff(text))
      findings.push({ path, line, message: `switches off ${rules || "every rule"}` });
  }
  for (const path of Object.keys(EXCEPTIONS)) {
    if (switchedOff(tree.get(path) ?? "").length === 0)
      findings.push({ path, message: "no longer needs its size exception" });
  }
  if (Object.keys(EXCEPTIONS).length > EXCEPTIONS_MAX)
    findings.push({ path: "tests/tidy", message: "the list of size exceptions grew" });
  return findings;
}

/** No size limit is switched off outside the list. */
export const sizeExceptionsRule: Rule = {
  name: "size limits hold",
  check,
  planted: [
    {
      files: {
        ".oxlintrc.json": '{"overrides":[{"files":["packages/server/**"],"rules":{"max-lines":"off","eqeqeq":"off"}}]}',
        "packages/core/src/a.ts": "// A.\n// oxlint-disable max-lines\n",
        "packages/core/src/b.ts": "// B.\n// oxlint-disable-next-line no-console -- prints\n/* eslint-disable */\n",
      },
      finds: ["loosens max-lines", "switches off max-lines", "switches off every rule"],
    },
  ],
};
