// Error codes: the page is current, every code is raised somewhere, and a retired code is never used again.
import { documentedCodes, errorPage, type CataloguePage } from "../../../scripts/error-page.ts";
import { filesMatching, isTestFile, type Finding, type SourceTree } from "../tree.ts";

const CATALOGUE = "packages/core/src/errors/catalogue.ts";
const PAGE = "docs/errors.md";

function raisedCodes(tree: SourceTree): Set<string> {
  const sources = filesMatching(tree, /^packages\/[^/]+\/src\/.*\.ts$/).filter(
    ([path]) => path !== CATALOGUE && !isTestFile(path),
  );
  return new Set(
    sources.flatMap(([, text]) => [...text.matchAll(/["']([a-z][a-z0-9-]*)["']/g)].map((match) => match[1] ?? "")),
  );
}

/** Compares a catalogue with the page and the sources in the tree. */
export function checkErrorCodes(catalogue: CataloguePage, tree: SourceTree): Finding[] {
  const findings: Finding[] = [];
  const page = tree.get(PAGE) ?? "";
  if (page !== errorPage(catalogue)) {
    const live = Object.keys(catalogue.live);
    const documented = documentedCodes(page);
    const differing = [
      ...live.filter((code) => !documented.includes(code)),
      ...documented.filter((code) => !live.includes(code)),
    ];
    findings.push({
      path: PAGE,
      message: `is stale (${differing.join(", ") || "texts differ"}); write it anew with: npm run docs`,
    });
  }
  const raised = raisedCodes(tree);
  for (const code of Object.keys(catalogue.live)) {
    if (catalogue.retired.includes(code))
      findings.push({ path: CATALOGUE, message: `${code} is retired and may not come back` });
    if (!raised.has(code)) findings.push({ path: CATALOGUE, message: `${code} is raised nowhere` });
  }
  return findings;
}
