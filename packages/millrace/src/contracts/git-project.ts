// A project as a commit of its repository has it: its files are written into a temporary folder, which finds the packages of the present one.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { MillraceError } from "@millrace/core";

const run = promisify(execFile);

const filesMax = 2_000;
const fileBytesMax = 8_388_608;
const timeoutMs = 30_000;
/** Files that define a project or may be imported by those that do. */
const wanted = /\.(?:ts|mts|js|mjs|json|sql|ya?ml)$/;

/** @throws MillraceError request-invalid where there is no such commit, and those of `work` */
export async function withGitProject<T>(folder: string, ref: string, work: (folder: string) => Promise<T>): Promise<T> {
  const commit = await commitOf(folder, ref);
  const copy = mkdtempSync(join(tmpdir(), "millrace-contracts-"));
  try {
    await writeFiles(folder, commit, copy);
    const packages = packagesOf(folder);
    if (packages !== undefined) symlinkSync(packages, join(copy, "node_modules"), "dir");
    return await work(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function commitOf(folder: string, ref: string): Promise<string> {
  try {
    const found = await git(folder, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`]);
    return found.toString("utf8").trim();
  } catch (cause) {
    throw new MillraceError(
      "request-invalid",
      `"${ref}" is no file, no folder and no commit that git finds in ${folder}.`,
      {
        hint: 'Valid: "stored", a file of millrace contract snapshot, a folder of a project, or a git ref such as main.',
        cause,
      },
    );
  }
}

async function writeFiles(folder: string, commit: string, copy: string): Promise<void> {
  const listed = await git(folder, ["ls-tree", "-r", "-z", "--name-only", commit, "--", "."]);
  const names = listed
    .toString("utf8")
    .split("\0")
    .filter((name) => wanted.test(name) && !name.includes("node_modules/"));
  if (names.length > filesMax)
    throw new MillraceError(
      "request-invalid",
      `The project has ${names.length} files at ${commit}; at most ${filesMax} are read.`,
    );
  for (const name of names) {
    const path = join(copy, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, await git(folder, ["show", `${commit}:./${name}`]));
  }
}

async function git(folder: string, args: readonly string[]): Promise<Buffer> {
  const options = { cwd: folder, encoding: "buffer", maxBuffer: fileBytesMax, timeout: timeoutMs } as const;
  return (await run("git", args, options)).stdout;
}

/** The packages that the present project imports. */
function packagesOf(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, "node_modules"))) return join(at, "node_modules");
    if (dirname(at) === at) return undefined;
  }
}
