// Links between documents lead somewhere, headings included.
import { posix } from "node:path";
import { lineAt } from "../imports.ts";
import { filesMatching, type Finding, type Rule, type SourceTree } from "../tree.ts";

const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g;

function anchors(text: string): Set<string> {
  const headings = [...text.matchAll(/^#{1,6} (.+)$/gm)].map((match) => match[1] ?? "");
  const slugs = headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .trim()
      .replaceAll(" ", "-"),
  );
  return new Set([...slugs, ...[...text.matchAll(/<a id="([^"]+)">/g)].map((match) => match[1] ?? "")]);
}

function exists(tree: SourceTree, path: string): boolean {
  return tree.has(path) || [...tree.keys()].some((known) => known.startsWith(`${path.replace(/\/$/, "")}/`));
}

function problem(tree: SourceTree, from: string, target: string): string | undefined {
  const [file = "", anchor] = target.split("#");
  const path = file === "" ? from : posix.normalize(posix.join(posix.dirname(from), file));
  if (!exists(tree, path)) return `links to ${target}, which does not exist`;
  if (anchor !== undefined && !anchors(tree.get(path) ?? "").has(anchor))
    return `links to ${target}, but there is no such heading`;
  return undefined;
}

function check(tree: SourceTree): Finding[] {
  const findings: Finding[] = [];
  for (const [path, text] of filesMatching(tree, /\.md$/)) {
    const prose = text.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, " "));
    for (const match of prose.matchAll(LINK)) {
      const target = match[1] ?? "";
      const message = /^[a-z]+:/.test(target) ? undefined : problem(tree, path, target);
      if (message !== undefined) findings.push({ path, line: lineAt(text, match.index), message });
    }
  }
  return findings;
}

/** Relative links and their anchors resolve. */
export const linksRule: Rule = {
  name: "links in documents resolve",
  check,
  planted: [
    {
      files: {
        "README.md":
          "# Top\n\n[a](docs/a.md) [b](docs/b.md) [folder](docs) [c](docs/a.md#part-two) [d](#nowhere) [e](https://example.org)",
        "docs/a.md": "# A\n\n## Part two\n\n[up](../README.md#top)\n\n```\n[x](no.md)\n```\n",
      },
      finds: ["links to docs/b.md", "no such heading"],
    },
  ],
};
