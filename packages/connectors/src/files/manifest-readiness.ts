// Files are complete when a manifest names them and everything that it names is there. What it says of their content is checked as they are copied.
import { createHash } from "node:crypto";
import { posix } from "node:path";
import { MillraceError, type ConnectorContext } from "@millrace/core";
import { hashContent } from "./copy-file.ts";
import { parseManifest, type ManifestEntry } from "./manifest-file.ts";
import { versionOf, type FoundFile, type Place } from "./places/place.ts";
import { besideOf, isNamed, type Expectation, type ReadinessCheck } from "./readiness-check.ts";

interface Manifest {
  readonly file: FoundFile;
  /** By ledger path. */
  readonly entries: ReadonlyMap<string, ManifestEntry>;
  complete: boolean;
}

const manifestBytesMax = 16 * 1024 * 1024;
/** Names of missing files that a log line shows. */
const namesShown = 5;

export function manifestCheck(name: string, place: Place, context: ConnectorContext): ReadinessCheck {
  return new ManifestCheck(name, place, context);
}

class ManifestCheck implements ReadinessCheck {
  readonly waitMsMax = 0;
  readonly #name: string;
  readonly #place: Place;
  readonly #context: ConnectorContext;
  /** Manifests as they were read last; a bad one without entries. */
  readonly #manifests = new Map<string, Manifest>();

  constructor(name: string, place: Place, context: ConnectorContext) {
    this.#name = name;
    this.#place = place;
    this.#context = context;
  }

  isMarker(file: FoundFile): boolean {
    return isNamed(file, this.#name);
  }

  expected(file: FoundFile): Expectation | undefined {
    const manifest = this.#manifests.get(besideOf(file, this.#name));
    const entry = manifest?.entries.get(file.path);
    if (manifest === undefined || entry === undefined) return undefined;
    return { ...entry, manifest: manifest.file.path, said: ` ${versionOf(manifest.file)}` };
  }

  /** A file that is newer than its manifest waits until the manifest is written again. */
  async check(files: readonly FoundFile[]): Promise<readonly number[]> {
    const byManifest = Map.groupBy(files, (file) => besideOf(file, this.#name));
    const ready = new Set<FoundFile>();
    for (const [path, members] of byManifest) {
      const manifest = await this.#read(path, members);
      if (manifest === undefined || !(await this.#isComplete(manifest, members))) continue;
      for (const file of members)
        if (manifest.entries.has(file.path) && file.modifiedMicros <= manifest.file.modifiedMicros) ready.add(file);
    }
    return files.map((file) => (ready.has(file) ? 0 : Number.POSITIVE_INFINITY));
  }

  async #read(path: string, members: readonly FoundFile[]): Promise<Manifest | undefined> {
    const file = await this.#place.look(path);
    if (file === undefined) return undefined;
    const before = this.#manifests.get(path);
    if (before !== undefined && versionOf(before.file) === versionOf(file)) return before;
    const manifest = { file, entries: await this.#entries(file, members), complete: false };
    this.#manifests.set(path, manifest);
    return manifest;
  }

  async #entries(file: FoundFile, members: readonly FoundFile[]): Promise<ReadonlyMap<string, ManifestEntry>> {
    const signal = new AbortController().signal;
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    try {
      for await (const piece of this.#place.content(file, signal)) {
        pieces.push(piece);
        if ((bytes += piece.byteLength) > manifestBytesMax)
          throw new Error(`it is larger than ${manifestBytesMax} bytes`);
      }
      const [first] = members;
      const of = this.#name.includes("{name}") && first !== undefined ? posix.basename(first.path) : undefined;
      const text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(pieces));
      const entries = await parseManifest(text, of);
      const folder = posix.dirname(file.path);
      return new Map(entries.map((entry) => [posix.join(folder, entry.name), entry]));
    } catch (thrown) {
      if (thrown instanceof MillraceError) throw thrown;
      await this.#refuse(file, thrown);
      return new Map();
    }
  }

  async #refuse(file: FoundFile, thrown: unknown): Promise<void> {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const error = new MillraceError("file-manifest", `${file.path} cannot be read as a manifest: ${reason}.`, {
      hint: "Write it again; the files beside it wait, nothing of them was loaded.",
      details: { path: file.path },
    });
    const sha256 = await hashContent(this.#place.content(file, new AbortController().signal));
    await this.#context.refuse({ file: { ...file, sha256 }, error });
  }

  /** Everything is there, or was loaded (and perhaps taken away) before. */
  async #isComplete(manifest: Manifest, members: readonly FoundFile[]): Promise<boolean> {
    if (manifest.complete) return true;
    const here = new Set(members.map((file) => file.path));
    const absent = [...manifest.entries.keys()].filter((path) => !here.has(path));
    const known = await this.#context.knownFiles(absent);
    const missing: string[] = [];
    for (const path of absent)
      if (known.get(path)?.state !== "loaded" && (await this.#place.look(path)) === undefined) missing.push(path);
    manifest.complete = missing.length === 0;
    if (missing.length > 0)
      this.#context.log.info("A delivery is not complete: its manifest names files that are not there.", {
        manifest: manifest.file.path,
        missing: missing.length,
        files: missing.slice(0, namesShown),
      });
    return manifest.complete;
  }
}

/** The content itself; throws at its end when it is not what the manifest says. @throws MillraceError file-manifest, with both values */
export async function* expectedContent(
  file: FoundFile,
  content: AsyncIterable<Uint8Array>,
  expected: Expectation | undefined,
): AsyncGenerator<Uint8Array> {
  if (expected === undefined) return yield* content;
  const { sha256, md5, bytes } = expected;
  const sums = { sha256: createHash("sha256"), md5: createHash("md5") };
  let seen = 0;
  for await (const piece of content) {
    seen += piece.byteLength;
    if (sha256 !== undefined) sums.sha256.update(piece);
    if (md5 !== undefined) sums.md5.update(piece);
    yield piece;
  }
  if (bytes !== undefined && bytes !== seen) throw mismatch(file, expected, ["bytes", bytes, seen]);
  for (const kind of ["sha256", "md5"] as const) {
    const found = sums[kind].digest("hex");
    if (expected[kind] !== undefined && expected[kind] !== found)
      throw mismatch(file, expected, [kind, expected[kind], found]);
  }
}

function mismatch(
  file: FoundFile,
  { manifest }: Expectation,
  [what, expected, received]: readonly [string, string | number, string | number],
): MillraceError {
  return new MillraceError(
    "file-manifest",
    `${file.path} is not what ${manifest} says: ${what} expected ${expected}, received ${received}.`,
    { details: { path: file.path, manifest, what, expected, received } },
  );
}
