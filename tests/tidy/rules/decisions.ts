// Decision records: numbered without gaps, titled with their number, each with its four parts.
import { filesMatching, type Finding, type Rule, type SourceTree } from "../tree.ts";

const PARTS = ["Context", "Decision", "Rejected", "Consequences"];

function checkRecord(path: string, text: string, expected: string): Finding[] {
  const findings: Finding[] = [];
  const number = path.slice("docs/adr/".length, "docs/adr/".length + 4);
  if (number !== expected) findings.push({ path, line: 1, message: `is numbered ${number}, expected ${expected}` });
  if (!text.startsWith(`# ${number}: `))
    findings.push({ path, line: 1, message: `does not start with "# ${number}: <title>"` });
  for (const part of PARTS) {
    if (!text.includes(`\n## ${part}\n`)) findings.push({ path, message: `has no part "${part}"` });
  }
  return findings;
}

function check(tree: SourceTree): Finding[] {
  const records = filesMatching(tree, /^docs\/adr\/.*\.md$/);
  const named = records.filter(([path]) => /^docs\/adr\/\d{4}-[a-z0-9-]+\.md$/.test(path));
  const misnamed = records.filter((record) => !named.includes(record));
  return [
    ...misnamed.map(([path]) => ({ path, message: "is not named NNNN-title.md" })),
    ...named.flatMap(([path, text], index) => checkRecord(path, text, String(index + 1).padStart(4, "0"))),
  ];
}

const whole = PARTS.map((part) => `\n## ${part}\n\nText.\n`).join("");

/** ADR numbering and parts. */
export const decisionsRule: Rule = {
  name: "decision records are in order",
  check,
  planted: [
    {
      files: {
        "docs/adr/0001-first.md": `# 0001: First\n${whole}`,
        "docs/adr/0001-again.md": `# 0001: Again\n${whole}`,
        "docs/adr/0003-third.md": `# Third\n${whole.replace("## Rejected", "## Other")}`,
        "docs/adr/notes.md": "# Notes",
      },
      finds: ["is not named", "is numbered 0001, expected 0002", 'does not start with "# 0003', '"Rejected"'],
    },
  ],
};
