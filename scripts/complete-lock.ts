// Completes package-lock.json with the platform packages that npm leaves out when a version was not published for every platform.
// Without those entries `npm ci` calls the lock file out of step and refuses to install. Run after dependencies change.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** One installed or expected package in the lock file, as npm writes it. */
export interface LockEntry {
  readonly version?: string;
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

const SYSTEMS = new Set([
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
]);
const PROCESSORS = new Set([
  "arm",
  "arm64",
  "ia32",
  "loong64",
  "mips64el",
  "ppc64",
  "riscv64",
  "s390x",
  "wasm32",
  "x64",
]);
const EXACT_VERSION = /^\d+\.\d+\.\d+/;

/**
 * Finds the platform packages that an entry names as optional, at an exact version, and that the lock file lacks.
 * Only names that carry an operating system or a processor count: other optional packages may be absent for good reasons.
 */
export function missingPlatformPackages(entries: Readonly<Record<string, LockEntry>>): Map<string, LockEntry> {
  const missing = new Map<string, LockEntry>();
  for (const [location, entry] of Object.entries(entries)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (resolveFrom(location, name, entries) !== undefined || !EXACT_VERSION.test(version)) continue;
      const platform = platformOf(name);
      if (platform !== undefined) missing.set(`node_modules/${name}`, { version, ...platform, optional: true });
    }
  }
  return missing;
}

/** Walks up from a package's folder, as Node does, to where `name` is found; undefined when the lock file lacks it. */
export function resolveFrom(
  location: string,
  name: string,
  entries: Readonly<Record<string, LockEntry>>,
): string | undefined {
  const nested = location.split("/node_modules/");
  for (let depth = nested.length; depth > 0; depth--) {
    const folder = nested.slice(0, depth).join("/node_modules/");
    const candidate = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (entries[candidate] !== undefined) return candidate;
  }
  return entries[`node_modules/${name}`] === undefined ? undefined : `node_modules/${name}`;
}

function platformOf(name: string): LockEntry | undefined {
  const words = name.split(/[-/]/);
  const os = words.filter((word) => SYSTEMS.has(word));
  const cpu = words.filter((word) => PROCESSORS.has(word));
  if (os.length === 0 && cpu.length === 0) return undefined;
  const libc = words.includes("musl") ? ["musl"] : [];
  return { ...(cpu.length > 0 && { cpu }), ...(os.length > 0 && { os }), ...(libc.length > 0 && { libc }) };
}

/** Adds what is missing to the lock file at `path` and returns how many entries were added. */
export function completeLockFile(path: string): number {
  const lock = JSON.parse(readFileSync(path, "utf8")) as { packages: Record<string, LockEntry> };
  const missing = missingPlatformPackages(lock.packages);
  if (missing.size === 0) return 0;
  const all = [...Object.entries(lock.packages), ...missing];
  lock.packages = Object.fromEntries(all.sort(([left], [right]) => (left < right ? -1 : 1)));
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  return missing.size;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const added = completeLockFile("package-lock.json");
  console.log(`package-lock.json: ${added} platform packages added`);
}
