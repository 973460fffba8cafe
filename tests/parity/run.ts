// `npm run parity`: reads every stream of the manifests that are present, and compares with the golden files of the reference implementation.
import { parseArgs } from "node:util";
import { goldenNames } from "./golden.ts";
import { MANIFEST_FOLDER, manifestNames } from "./manifests.ts";
import { loads, millraceReader } from "./millrace-reader.ts";
import { checkManifest, summarize, type ManifestResult } from "./parity-report.ts";
import { regenerate } from "./regenerate.ts";

const USAGE = `npm run parity -- [--json] [--verbose] [--manifest NAME] [--stream NAME] [--regenerate]

  --json        one line of JSON
  --verbose     the first difference of each stream that differs
  --manifest    one manifest, such as chargify
  --stream      one stream of it
  --regenerate  makes the golden files anew with the reference implementation (needs Python); of whole manifests

Exit code 0: no stream that was compared differs. 1: one does. 2: nothing could be compared.

Manifests are read from ${MANIFEST_FOLDER} (or MILLRACE_MANIFESTS).`;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function checkAll(names: readonly string[], stream: string | undefined): Promise<readonly ManifestResult[]> {
  const reader = millraceReader();
  const results: ManifestResult[] = [];
  for (const name of names) results.push(await checkManifest(name, reader, stream));
  return results;
}

/** The manifests asked for, of those that are present. */
function chosen(manifest: string | undefined): readonly string[] {
  const present = manifestNames();
  if (present.length === 0) throw new Error(`no manifests in ${MANIFEST_FOLDER}: nothing was compared`);
  if (manifest === undefined) return present;
  if (!present.includes(manifest))
    throw new Error(`no manifest "${manifest}" in ${MANIFEST_FOLDER}; there are: ${present.join(", ")}`);
  return [manifest];
}

/** Nothing that was compared is no parity. */
function nothingCompared(names: readonly string[], stream: string | undefined): Error {
  if (stream !== undefined)
    return new Error(`no stream "${stream}" in the golden files of ${names.join(", ")}: nothing was compared`);
  return new Error(
    `no golden file for ${names.join(", ")}: nothing was compared. npm run parity -- --regenerate makes them.`,
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean", default: false },
      verbose: { type: "boolean", default: false },
      manifest: { type: "string" },
      stream: { type: "string" },
      regenerate: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return say(USAGE);
  if (values.regenerate && values.stream !== undefined)
    throw new Error(
      "--regenerate makes golden files of whole manifests: leave --stream out. No golden file was changed.",
    );
  const names = chosen(values.manifest);
  if (values.regenerate) return regenerate(names, say);
  const known = new Set(goldenNames());
  const results = await checkAll(
    names.filter((name) => known.has(name)),
    values.stream,
  );
  const report = summarize(results, names.filter(loads).length);
  if (report.streams === 0) throw nothingCompared(names, values.stream);
  if (values.json) say(JSON.stringify({ ...report, manifests: names.length }));
  else {
    say(
      `${String(names.length)} manifests, ${String(report.loaded)} loaded; ${String(report.equal)} of ${String(report.streams)} streams equal`,
    );
    for (const line of [
      ...report.unsupported.map((one) => `unsupported ${one}`),
      ...report.different.map((one) => `different ${one}`),
    ]) {
      say(values.verbose ? line : (line.split("\n")[0] ?? line));
    }
  }
  process.exitCode = report.different.length === 0 ? 0 : 1;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
