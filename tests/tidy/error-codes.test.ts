// The error catalogue, the generated page and the sources agree; planted differences are seen.
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { catalogue, retiredCodes } from "../../packages/core/src/errors/catalogue.ts";
import { errorPage } from "../../scripts/error-page.ts";
import { checkErrorCodes } from "./rules/error-codes.ts";
import { loadTree } from "./tree.ts";

const live = { internal: catalogue.internal, "port-in-use": catalogue["port-in-use"] };

function sources(page: string, code: string): Map<string, string> {
  return new Map([
    ["docs/errors.md", page],
    [
      "packages/server/src/listen.ts",
      `// Listens.\nthrow new MillraceError("${code}", "x");\nconst other = "internal";`,
    ],
    ["packages/core/src/errors/catalogue.ts", '// Codes.\n"port-in-use"'],
  ]);
}

describe("error codes", () => {
  it("hold", () => {
    const tree = loadTree(fileURLToPath(new URL("../..", import.meta.url)));
    const findings = checkErrorCodes({ live: catalogue, retired: retiredCodes }, tree);
    expect(findings.map((finding) => finding.message)).toEqual([]);
  });

  it("pass when page, catalogue and sources agree", () => {
    expect(
      checkErrorCodes({ live, retired: ["old"] }, sources(errorPage({ live, retired: ["old"] }), "port-in-use")),
    ).toEqual([]);
  });

  it("find a page that lacks a code", () => {
    const page = errorPage({ live: { internal: catalogue.internal }, retired: [] });
    const findings = checkErrorCodes({ live, retired: [] }, sources(page, "port-in-use"));
    expect(findings.map((finding) => finding.message)).toEqual([expect.stringContaining("is stale (port-in-use)")]);
  });

  it("find a code that no source raises, and a retired code that came back", () => {
    const page = errorPage({ live, retired: ["internal"] });
    const findings = checkErrorCodes({ live, retired: ["internal"] }, sources(page, "something-else"));
    expect(findings.map((finding) => finding.message)).toEqual([
      "internal is retired and may not come back",
      "port-in-use is raised nowhere",
    ]);
  });
});
