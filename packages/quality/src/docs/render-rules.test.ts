// docs/rules.md says what the kinds of rules say of themselves.
import { readFile } from "node:fs/promises";
import { check } from "@millrace/core";
import { expect, it } from "vitest";
import { renderRules } from "./render-rules.ts";

it("is not stale; else run: npm run docs", async () => {
  const page = renderRules();
  expect(await readFile(new URL("../../../../docs/rules.md", import.meta.url), "utf8")).toBe(page);
  for (const name of Object.keys(check)) expect(page).toContain(`\`check.${name}\``);
});
