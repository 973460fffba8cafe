// What an upstream issued is there again after a restart, whole, and for nobody else to read.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { diskSync } from "../files/disk-sync.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { createKeptSecrets } from "./kept-secrets.ts";

it("keeps the newest value by name, durably and privately", async () => {
  const folder = await temporaryFolder();
  const path = join(folder.path, "kept");
  const synced = vi.spyOn(diskSync, "folder");
  const kept = createKeptSecrets(path);
  expect(await kept.get("shop/oauth")).toBeUndefined();
  await Promise.all([kept.put("shop/oauth", "one"), kept.put("../other", "x"), kept.put("shop/oauth", "two")]);
  expect(synced.mock.calls.map(([synced]) => synced)).toEqual(expect.arrayContaining([folder.path, path]));
  const again = createKeptSecrets(path);
  expect((await again.get("shop/oauth"))?.reveal()).toBe("two");
  expect(JSON.stringify(await again.get("../other"))).toBe('"[secret]"');
  const names = await readdir(path);
  expect(names).toHaveLength(2);
  expect((await stat(join(path, names[0] ?? ""))).mode & 0o077).toBe(0);
  await folder.remove();
});
