// Proves the published shape: `npm run packed` builds and packs all packages, installs the tarballs in an empty folder outside the
// repository, and uses them there as a newcomer would. Its last line counts the steps.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { buildAll, packAll, type PackedPackage } from "./pack.ts";
import { CommandFailed, run } from "./run-command.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The environment of someone who has never seen this repository: no source condition, no installed tools of ours on the path. */
function newcomerEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => {
    const npmSetting =
      /^npm_/i.test(name) && !/^npm_config_(cache|userconfig|globalconfig|registry|.*proxy|cafile)$/i.test(name);
    return name !== "NODE_OPTIONS" && name !== "INIT_CWD" && name !== "NODE" && !npmSetting;
  });
  const path = (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((entry) => !entry.includes("node_modules") && !entry.startsWith(root));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}

async function lint(packed: readonly PackedPackage[]): Promise<void> {
  const problems: string[] = [];
  for (const { name, tarball } of packed) {
    const bytes = readFileSync(tarball);
    const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const { messages, pkg } = await publint({ pack: { tarball: data }, strict: true });
    for (const message of messages) problems.push(`${name}: ${formatMessage(message, pkg ?? {}, { color: false })}`);
  }
  if (problems.length > 0) throw new CommandFailed(problems.join("\n"));
}

function install(packed: readonly PackedPackage[], home: string): void {
  const tarballs = packed.map(({ name, tarball }) => [name, `file:${tarball}`]);
  const nodeVersion = process.versions.node;
  const manifest = {
    name: "newcomer",
    private: true,
    dependencies: Object.fromEntries(tarballs) as Record<string, string>,
    // Whoever has an older Node lets npm bring the right one; the launcher finds it.
    optionalDependencies: {
      [`node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`]: nodeVersion,
    },
  };
  writeFileSync(join(home, "package.json"), JSON.stringify(manifest, null, 2));
  run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: home, env: newcomerEnvironment() });
}

function expectOutput(output: string, pattern: RegExp): void {
  if (!pattern.test(output)) throw new CommandFailed(`expected ${pattern} in:\n${output}`);
}

/** The steps in order; each relies on those before it. */
function steps(folder: string): [title: string, step: () => Promise<void> | void][] {
  const home = join(folder, "home");
  const project = join(home, "demo");
  let packed: PackedPackage[] = [];
  const millrace = (cwd: string, ...args: string[]): string =>
    run("npx", ["--no-install", "millrace", ...args], { cwd, env: newcomerEnvironment() });
  return [
    ["build all packages", () => buildAll(root)],
    ["pack them", () => void (packed = packAll(root, folder))],
    ["publint finds nothing", () => lint(packed)],
    ["install the tarballs outside the repository", () => install(packed, home)],
    ["millrace --version", () => expectOutput(millrace(home, "--version"), /^\d+\.\d+\.\d+$/m)],
    ["millrace init demo", () => void millrace(home, "init", "demo")],
    ["millrace run", () => void millrace(project, "run")],
    ["millrace query", () => expectOutput(millrace(project, "query", "select 40 + 2 as answer"), /\b42\b/)],
  ];
}

async function main(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-packed-"));
  mkdirSync(join(folder, "home"));
  const all = steps(folder);
  let passed = 0;
  try {
    for (const [title, step] of all) {
      const started = performance.now();
      await step();
      passed += 1;
      console.log(`ok  ${title} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    }
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    console.log(`FAILED  ${all[passed]?.[0] ?? ""}\n${error.message}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`${passed} passed, ${passed === all.length ? 0 : 1} failed`);
  return passed === all.length ? 0 : 1;
}

process.exitCode = await main();
