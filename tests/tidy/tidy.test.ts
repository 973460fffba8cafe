// The code base keeps its own rules, and each rule is proven to see a violation planted for it.
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { commandsRule } from "./rules/commands.ts";
import { decisionsRule } from "./rules/decisions.ts";
import { headersRule } from "./rules/headers.ts";
import { importsRule } from "./rules/imports.ts";
import { injectedTimeRule } from "./rules/injected-time.ts";
import { linksRule } from "./rules/links.ts";
import { lockFileRule } from "./rules/lock-file.ts";
import { namesRule } from "./rules/names.ts";
import { packageTableRule } from "./rules/package-table.ts";
import { pinsRule } from "./rules/pins.ts";
import { resultStreamsRule } from "./rules/result-streams.ts";
import { sizeExceptionsRule } from "./rules/size-exceptions.ts";
import { skippedTestsRule } from "./rules/skipped-tests.ts";
import { loadTree, type Finding, type Rule } from "./tree.ts";

const RULES: readonly Rule[] = [
  commandsRule,
  decisionsRule,
  headersRule,
  importsRule,
  injectedTimeRule,
  linksRule,
  lockFileRule,
  namesRule,
  packageTableRule,
  pinsRule,
  resultStreamsRule,
  sizeExceptionsRule,
  skippedTestsRule,
];

const root = fileURLToPath(new URL("../..", import.meta.url));
const tree = loadTree(root);

function show({ path, line, message }: Finding): string {
  return `${path}${line === undefined ? "" : `:${line}`} ${message}`;
}

it("reads the whole code base", () => {
  expect([...tree.keys()]).toEqual(
    expect.arrayContaining(["package.json", "packages/core/src/index.ts", "tests/tidy/tidy.test.ts"]),
  );
});

describe.each(RULES)("$name", (rule) => {
  it("holds", () => {
    expect(rule.check(tree).map(show)).toEqual([]);
  });

  it("finds what is planted, and no more", () => {
    expect(rule.planted.length).toBeGreaterThan(0);
    for (const { files, finds } of rule.planted) {
      const found = rule
        .check(new Map(Object.entries(files)))
        .map(show)
        .sort();
      for (const piece of finds) expect(found.join("\n")).toContain(piece);
      expect(found).toHaveLength(finds.length);
    }
  });
});
