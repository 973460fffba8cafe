// The command line: a run that compared nothing does not pass.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "parity-manifests-"));
writeFileSync(join(folder, "source-unheard-of.yaml"), "version: 6.0.0\n");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ["a manifest without a golden file", [], /no golden file for unheard-of[^]*--regenerate/],
  ["a stream that no golden file has", ["--stream", "nobody"], /no stream "nobody"[^]*nothing was compared/],
  ["an unknown manifest", ["--manifest", "square"], /no manifest "square"[^]*there are: unheard-of/],
  [
    "one stream to regenerate",
    ["--regenerate", "--stream", "nobody"],
    /leave --stream out[^]*No golden file was changed/,
  ],
])("refuses %s", (_, args, message) => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--conditions=millrace-source", join(import.meta.dirname, "run.ts"), ...args],
    { encoding: "utf8", timeout: 20_000, env: { ...process.env, NODE_OPTIONS: "", MILLRACE_MANIFESTS: folder } },
  );
  expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
});
