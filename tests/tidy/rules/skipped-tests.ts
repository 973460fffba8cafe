// Every test runs. One that needs something of the machine says so in a comment above the condition.
import { lineAt } from "../imports.ts";
import { filesMatching, type Finding, type Rule, type SourceTree } from "../tree.ts";

const SWITCHED_OFF = /\b(?:it|test|describe)\.(?:\w+\.)*(skip|only|todo|fails)\b|\bx(?:it|describe)\(/g;
const CONDITION = /\b(?:it|test|describe)\.(skipIf|runIf)\b/g;

function hasReason(text: string, line: number): boolean {
  return /^\s*(\/\/|\*)/.test(text.split("\n")[line - 2] ?? "");
}

function check(tree: SourceTree): Finding[] {
  const findings: Finding[] = [];
  for (const [path, text] of filesMatching(tree, /\.test\.ts$/)) {
    for (const match of text.matchAll(SWITCHED_OFF))
      findings.push({ path, line: lineAt(text, match.index), message: `${match[0].trim()} keeps tests from running` });
    for (const match of text.matchAll(CONDITION)) {
      const line = lineAt(text, match.index);
      if (!hasReason(text, line))
        findings.push({ path, line, message: `${match[0]} needs its reason in a comment above` });
    }
  }
  return findings;
}

/** No test is skipped, focused or left for later. */
export const skippedTestsRule: Rule = {
  name: "every test runs",
  check,
  planted: [
    {
      files: {
        "a.test.ts": [
          "// A.",
          'it.skip("one", run);',
          'describe.only("two", run);',
          'test.concurrent.todo("three");',
          'it.runIf(onLinux)("four", run);',
          "// The preloaded library is built for Linux.",
          'it.runIf(onLinux)("five", run);',
        ].join("\n"),
      },
      finds: ["it.skip", "describe.only", "test.concurrent.todo", "it.runIf needs its reason"],
    },
  ],
};
