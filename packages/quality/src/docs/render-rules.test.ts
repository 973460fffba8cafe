// docs/rules.md says what the kinds of rules say of themselves.
import { readFile } from "node:fs/promises";
import { check, clean, columnChecks, t } from "@millrace/core";
import { expect, it } from "vitest";
import { knownKinds } from "./known-kinds.ts";
import { renderRules } from "./render-rules.ts";

it("is not stale; else run: npm run docs", async () => {
  const page = renderRules();
  expect(await readFile(new URL("../../../../docs/rules.md", import.meta.url), "utf8")).toBe(page);
  for (const name of Object.keys(check)) expect(page).toContain(`\`check.${name}\``);
});

it("what is known by other names is said with functions that exist", () => {
  const column = t.string();
  const said = knownKinds.flatMap(([, here]) => [...here.matchAll(/`(check|clean|t)?\.?(\w+)\(/g)]);
  expect(said.length).toBeGreaterThan(knownKinds.length);
  for (const [text, owner, name = ""] of said) {
    const known = owner === "check" ? check : owner === "clean" ? clean : owner === "t" ? t : undefined;
    const exists = known === undefined ? name in columnChecks || name in column || name === "rule" : name in known;
    expect([text, exists]).toEqual([text, true]);
  }
});
