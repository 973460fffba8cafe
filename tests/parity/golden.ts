// Golden files: what the reference implementation asked for and read, per manifest. `reference/drive.py` makes them, `regenerate.ts` packs them.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

const SUFFIX = ".json.zst";
const COMPRESSION_LEVEL = 19;

/** One request of the reference and the upstream's answer to it. */
export interface Exchange {
  /** Requests of one lane are the pages of one walk: their order is a promise. Null: no page. */
  readonly lane: number | null;
  /** What the request is for: `main`, `parent`, `oauth`, `login`, `create`, `poll`, ... */
  readonly for: string;
  /** The reference answered this from its cache of parents and sent nothing: it may be asked, or not. */
  readonly cached?: true;
  readonly request: SentRequest;
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly base64?: string;
  };
}

export interface SentRequest {
  readonly method: string;
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One sync: the clock stands at `now`; the state is Airbyte's, after the sync. */
export interface GoldenSync {
  readonly now: string;
  readonly exchanges: readonly Exchange[];
  readonly records: readonly Readonly<Record<string, unknown>>[];
  readonly state: unknown;
  readonly partitions: number;
}

export interface GoldenStream {
  readonly stream: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** What the manifest declares, so that a stream that proves too little is seen. */
  readonly shape: { readonly paginates: boolean; readonly partitions: boolean; readonly incremental: boolean };
  readonly syncs: readonly GoldenSync[];
  /** Why the reference itself does not read the stream. */
  readonly fault?: string;
  readonly notes?: readonly string[];
}

export interface Golden {
  readonly manifest: string;
  /** Of the manifest's file: a golden of another version proves nothing. */
  readonly sha256: string;
  readonly reference: string;
  readonly streams: readonly GoldenStream[];
}

export const GOLDEN_FOLDER: string = path.join(import.meta.dirname, "golden");

/** Names of manifests with golden files, without `source-` and extension. */
export function goldenNames(): readonly string[] {
  return readdirSync(GOLDEN_FOLDER)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .toSorted();
}

export function readGolden(name: string): Golden {
  const bytes = zstdDecompressSync(readFileSync(path.join(GOLDEN_FOLDER, name + SUFFIX)));
  return JSON.parse(bytes.toString("utf8")) as Golden;
}

export function writeGolden(name: string, golden: Golden): void {
  const params = { [constants.ZSTD_c_compressionLevel]: COMPRESSION_LEVEL };
  writeFileSync(path.join(GOLDEN_FOLDER, name + SUFFIX), zstdCompressSync(JSON.stringify(golden), { params }));
}
