// Parity over all manifests that are present: how many streams ask and give what the reference does, and the first difference of each that does not.
import { checkStream, type ReadSync, type StreamResult } from "./check-stream.ts";
import { readGolden } from "./golden.ts";
import { manifestHash, manifestPath } from "./manifests.ts";

export interface ManifestResult {
  readonly manifest: string;
  readonly streams: readonly StreamResult[];
}

export interface ParityReport {
  readonly manifests: number;
  /** Manifests that Millrace loads. */
  readonly loaded: number;
  readonly streams: number;
  readonly equal: number;
  /** Of the equal ones: streams whose exported state is the reference's, too. */
  readonly statesEqual: number;
  /** `manifest/stream: reason`. */
  readonly unsupported: readonly string[];
  /** `manifest/stream: first difference`. */
  readonly different: readonly string[];
}

/** @param only name of one stream @throws Error when the golden file belongs to another version of the manifest */
export async function checkManifest(name: string, read: ReadSync, only?: string): Promise<ManifestResult> {
  const golden = readGolden(name);
  if (golden.sha256 !== manifestHash(name)) {
    throw new Error(
      `the golden file of ${name} belongs to another version of ${manifestPath(name)}: run npm run parity -- --regenerate --manifest ${name}`,
    );
  }
  const streams: StreamResult[] = [];
  for (const stream of golden.streams) {
    if (only === undefined || stream.stream === only) streams.push(await checkStream(manifestPath(name), stream, read));
  }
  return { manifest: name, streams };
}

export function summarize(results: readonly ManifestResult[], loaded: number): ParityReport {
  const flat = results.flatMap(({ manifest, streams }) =>
    streams.map((one) => ({ ...one, place: `${manifest}/${one.stream}` })),
  );
  const list = (outcome: StreamResult["outcome"]): string[] =>
    flat.filter((one) => one.outcome === outcome).map(({ place, reason }) => `${place}: ${reason ?? ""}`);
  return {
    manifests: results.length,
    loaded,
    streams: flat.length,
    equal: flat.filter(({ outcome }) => outcome === "equal").length,
    statesEqual: flat.filter(({ outcome, state }) => outcome === "equal" && state === undefined).length,
    unsupported: list("unsupported"),
    different: list("different"),
  };
}
