// Makes the golden files anew: a virtual environment with the reference implementation outside the project, `reference/drive.py` per manifest, then packing.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { writeGolden, type Golden } from "./golden.ts";
import { manifestHash, manifestPath } from "./manifests.ts";

const REFERENCE_FOLDER = path.join(import.meta.dirname, "reference");
const REQUIREMENTS = path.join(REFERENCE_FOLDER, "requirements.txt");
const INSTALL_TIMEOUT_MS = 600_000;
const MANIFEST_TIMEOUT_MS = 900_000;
const ERROR_CHARS_MAX = 2_000;
const SIDE_BY_SIDE = 2;

function cacheFolder(): string {
  return process.env["XDG_CACHE_HOME"] ?? path.join(os.homedir(), ".cache");
}

function mustRun(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, {
    stdio: ["ignore", "ignore", "inherit"],
    timeout: INSTALL_TIMEOUT_MS,
  });
  if (status !== 0) {
    throw new Error(
      `${command} ${args.join(" ")} failed (${error?.message ?? `status ${String(status)}`}). The reference needs Python 3.10 to 3.13; set MILLRACE_PARITY_PYTHON to an interpreter that has ${REQUIREMENTS} installed. No golden file was changed.`,
    );
  }
}

/** A Python that has the reference installed: given by `MILLRACE_PARITY_PYTHON`, or of an environment in the cache folder. */
function referencePython(): string {
  const given = process.env["MILLRACE_PARITY_PYTHON"];
  if (given !== undefined) return given;
  const version = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex").slice(0, 12);
  const folder = path.join(cacheFolder(), "millrace", `parity-${version}`);
  const python = path.join(folder, "bin", "python");
  const marker = path.join(folder, "installed");
  if (!existsSync(marker)) {
    mustRun("python3", ["-m", "venv", "--clear", folder]);
    mustRun(python, ["-m", "pip", "install", "--quiet", "-r", REQUIREMENTS]);
    mustRun(python, ["-c", `open(${JSON.stringify(marker)}, "w").close()`]);
  }
  return python;
}

function drive(python: string, name: string, out: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn(python, [path.join(REFERENCE_FOLDER, "drive.py"), manifestPath(name), out], {
    stdio: ["ignore", "ignore", "pipe"],
    timeout: MANIFEST_TIMEOUT_MS,
    env: { ...process.env, PYTHONHASHSEED: "0", PYTHONDONTWRITEBYTECODE: "1", TZ: "UTC" },
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-ERROR_CHARS_MAX)));
  child.on("error", reject);
  child.on("close", (status) => {
    if (status === 0) resolve();
    else
      reject(
        new Error(
          `the reference failed on ${name} (status ${String(status)}); its golden file was not changed:\n${errors}`,
        ),
      );
  });
  return promise;
}

function reference(): string {
  return readFileSync(REQUIREMENTS, "utf8").split("\n")[0] ?? "";
}

/** @param names manifests to read, without `source-` and extension */
export async function regenerate(names: readonly string[], say: (line: string) => void): Promise<void> {
  const python = referencePython();
  const folder = mkdtempSync(path.join(os.tmpdir(), "millrace-parity-"));
  const left = [...names];
  const work = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const out = path.join(folder, `${name}.json`);
      await drive(python, name, out);
      const read = JSON.parse(readFileSync(out, "utf8")) as Pick<Golden, "manifest" | "streams">;
      writeGolden(name, {
        manifest: read.manifest,
        sha256: manifestHash(name),
        reference: reference(),
        streams: read.streams,
      });
      say(`${name}: ${String(read.streams.length)} streams`);
    }
  };
  try {
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
