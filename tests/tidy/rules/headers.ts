// Every source file opens with its job: a comment before the first statement.
import { filesMatching, type Finding, type Rule, type SourceTree } from "../tree.ts";

function opening(text: string): string {
  return text.replace(/^#!.*\n/, "").trimStart();
}

function check(tree: SourceTree): Finding[] {
  const sources = filesMatching(tree, /\.(ts|js|mjs|sql|sh)$|^\.ci\/run$/);
  return sources
    .filter(([, text]) => !/^(\/\/|\/\*|--|#)[^\S\n]*\S/.test(opening(text)))
    .map(([path]) => ({ path, line: 1, message: "does not open with a comment that says its job" }));
}

/** Each source file starts with a comment. */
export const headersRule: Rule = {
  name: "every file says its job first",
  check,
  planted: [
    {
      files: {
        "a.ts": 'import x from "y";\n// Late.',
        "b.ts": "// Says its job.\nexport {};",
        "c.js": "#!/usr/bin/env node\nrun();",
        "d.ts": "//\nexport {};",
        "models/e.sql": "SELECT 1",
        "models/f.sql": "/* ---\nmaterialize: view\n--- */\nSELECT 1",
      },
      finds: ["does not open", "does not open", "does not open", "does not open"],
    },
  ],
};
