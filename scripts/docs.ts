// Writes the generated documents: `npm run docs`. tests/tidy says when one of them is stale.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { catalogue, retiredCodes } from "../packages/core/src/errors/catalogue.ts";
import { renderConnectorDocs } from "../packages/connectors/src/docs/render-docs.ts";
import { renderRules } from "../packages/quality/src/docs/render-rules.ts";
import { documentedCodes, errorPage } from "./error-page.ts";

const PAGE = "docs/errors.md";
const RULES = "docs/rules.md";
const CONNECTORS = "docs/connectors";

// From the first release on, a code that was on the page may not just vanish: someone's program knows it.
const released = /^## \[?\d+\.\d+\.\d+/m.test(readFileSync("CHANGELOG.md", "utf8"));
const known = new Set<string>([...Object.keys(catalogue), ...retiredCodes]);
const lost = existsSync(PAGE) ? documentedCodes(readFileSync(PAGE, "utf8")).filter((code) => !known.has(code)) : [];

if (released && lost.length > 0) {
  console.error(
    `These codes were published and are gone: ${lost.join(", ")}. Add them to retiredCodes in the catalogue.`,
  );
  process.exitCode = 1;
} else {
  writeFileSync(PAGE, errorPage({ live: catalogue, retired: retiredCodes }));
  console.log(`${PAGE}: ${Object.keys(catalogue).length} codes`);
  writeFileSync(RULES, renderRules());
  console.log(RULES);
  mkdirSync(CONNECTORS, { recursive: true });
  for (const [name, text] of renderConnectorDocs()) {
    writeFileSync(join(CONNECTORS, name), text);
    console.log(join(CONNECTORS, name));
  }
}
