// Compiles the preloaded library once per temporary folder and gives the environment that turns it on. Linux with a C compiler only.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";

export interface PowerCutOptions {
  /** Folder whose files are journalled. */
  readonly folder: string;
  readonly journalFolder: string;
  /** Files whose path contains this text lose their syncs: a planted bug. */
  readonly ignoreSync?: string;
}

/** True where the power-cut mode can run. */
export function powerCutSupported(): boolean {
  return process.platform === "linux" && compiler() !== undefined;
}

export function powerCutEnvironment(options: PowerCutOptions, buildFolder: string): Readonly<Record<string, string>> {
  mkdirSync(options.journalFolder, { recursive: true });
  mkdirSync(options.folder, { recursive: true });
  return {
    LD_PRELOAD: compiledLibrary(buildFolder),
    POWER_CUT_FOLDER: realpathSync(options.folder),
    POWER_CUT_JOURNAL: realpathSync(options.journalFolder),
    ...(options.ignoreSync === undefined ? {} : { POWER_CUT_IGNORE_SYNC: options.ignoreSync }),
  };
}

function compiledLibrary(buildFolder: string): string {
  const library = join(buildFolder, "power-cut.so");
  if (existsSync(library)) return library;
  mkdirSync(buildFolder, { recursive: true });
  execFileSync(compiler() ?? "cc", [
    "-shared",
    "-fPIC",
    "-O1",
    "-o",
    library,
    join(import.meta.dirname, "power-cut.c"),
    "-ldl",
    "-lpthread",
  ]);
  return library;
}

function compiler(): string | undefined {
  return ["/usr/bin/cc", "/usr/bin/gcc", "/usr/bin/clang"].find((path) => existsSync(path));
}
