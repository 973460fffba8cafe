// One call per burst of saves, and none for what is no source.
import { mkdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it, vi } from "vitest";
import { temporaryProject, type TemporaryProject } from "../testing/temporary-project.ts";
import { watchProject } from "./watch-project.ts";

let project: TemporaryProject | undefined;
let unwatch: (() => Promise<void>) | undefined;
afterEach(async () => {
  await unwatch?.();
  project?.[Symbol.dispose]();
});

async function watched(): Promise<{ changes: () => number; settle: () => Promise<void> }> {
  project = temporaryProject({ "domains/a/contracts.ts": "// One.\n", "drops/x.csv": "a\n1\n" });
  mkdirSync(project.path(".millrace"));
  let changes = 0;
  const onChange = (): void => void (changes += 1);
  unwatch = await watchProject({
    folder: project.folder,
    dataFolder: project.path(".millrace"),
    debounceMs: 60,
    onChange,
  });
  return { changes: () => changes, settle: () => sleep(500) };
}

it("tells a burst of saves once, and the next one again", async () => {
  const { changes, settle } = await watched();
  for (const text of ["// Two.\n", "// Three.\n", "// Four.\n"]) project?.write({ "domains/a/contracts.ts": text });
  await vi.waitFor(() => expect(changes()).toBe(1), 5000);
  await settle();
  expect(changes()).toBe(1);
  project?.write({ "domains/b/models/new.sql": "SELECT 1 AS one\n" });
  await vi.waitFor(() => expect(changes()).toBeGreaterThan(1), 5000);
});

it("does not look at data, installed packages or hidden folders", async () => {
  const { changes, settle } = await watched();
  writeFileSync(project?.path(".millrace/warehouse.json") ?? "", "{}");
  project?.write({
    "drops/y.csv": "a\n2\n",
    "drops/deep/z.csv": "a\n3\n",
    "node_modules/p/index.js": "// P.\n",
    ".git/HEAD.json": "{}",
  });
  await settle();
  expect(changes()).toBe(0);
});
