// The admin token survives restarts and is nobody else's to read.
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { adminToken } from "./admin-token.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "token-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("is made once, long, and readable by its owner alone", async () => {
  const first = await adminToken(folder, {});
  expect(first.value.length).toBeGreaterThanOrEqual(40);
  expect(await adminToken(folder, {})).toEqual(first);
  expect(statSync(first.file ?? "").mode & 0o777).toBe(0o600);
});

it("replaces a damaged file and closes an open one", async () => {
  writeFileSync(join(folder, "admin.token"), "short\n", { mode: 0o644 });
  const { value, file } = await adminToken(folder, {});
  expect(value).not.toBe("short");
  expect(statSync(file ?? "").mode & 0o777).toBe(0o600);
});

it("comes from the environment when that has one, if it is long enough", async () => {
  const value = "0123456789abcdef-0123";
  expect(await adminToken(folder, { MILLRACE_TOKEN: value })).toEqual({ value });
  await expect(adminToken(folder, { MILLRACE_TOKEN: "short" })).rejects.toMatchObject({ code: "secret-missing" });
});
