// A folder of many small files: loaded by one process, reconciled by the next (what is new? nothing), and looked at once more.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rounded, toMiB, type Figure } from "../harness/figure.ts";
import { measured } from "../harness/measured-process.ts";
import type { FolderInput, FolderOutcome } from "./measure-folder.ts";

const script = fileURLToPath(import.meta.resolve("./measure-folder.ts"));
const suite = "files";
const rowsPerFile = 3;
const reconcileGoalS = 10;
const againGoalS = 1;

/** @param count files of three rows each, 100 bytes */
export async function* folderFigures(count: number): AsyncGenerator<Figure> {
  const place = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    const folder = join(place, "drops");
    writeFiles(folder, count);
    const input: FolderInput = { folder, dataFolder: join(place, "data") };
    const load = await measured<FolderOutcome>(script, input);
    const known = await measured<FolderOutcome>(script, input);
    for (const { result } of [load, known]) verify(result, count);
    if (known.result.batches > 0) throw new Error(`a new process loaded ${known.result.batches} batches again`);
    const name = `folder of ${count} files`;
    const { firstSeconds, batches } = load.result;
    yield figure(`${name}, loaded in ${batches} transactions`, firstSeconds, reconcileGoalS);
    yield figure(`${name}, reconciled by a new process`, known.result.firstSeconds, reconcileGoalS);
    yield figure(`${name}, second look`, known.result.againSeconds, againGoalS);
    yield processor(`${name}, processor time of the load`, load.result.firstCpuSeconds);
    yield processor(`${name}, processor time of the reconciliation`, known.result.firstCpuSeconds);
    yield processor(`${name}, processor time of the second look`, known.result.againCpuSeconds);
    yield { suite, name: `${name}, peak memory`, value: toMiB(load.peakBytes), unit: "MiB" };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function figure(name: string, seconds: number, goalS: number): Figure {
  return { suite, name, value: rounded(seconds), unit: "s", goal: `<= ${goalS}`, holds: seconds <= goalS };
}

/** Beside the time: on a machine that does other things too it is the steadier one. */
function processor(name: string, seconds: number): Figure {
  return { suite, name, value: rounded(seconds), unit: "s" };
}

function writeFiles(folder: string, count: number): void {
  mkdirSync(folder);
  for (let at = 0; at < count; at += 1) {
    const rows = Array.from({ length: rowsPerFile }, (_, row) => `s${at},2026-01-05T10:00:0${row}Z,${at}.5${row}\n`);
    writeFileSync(join(folder, `${String(at).padStart(6, "0")}.csv`), `sensor,at,value\n${rows.join("")}`);
  }
}

function verify({ files, rows }: FolderOutcome, count: number): void {
  if (files === count && rows === count * rowsPerFile) return;
  throw new Error(`${files} files and ${rows} rows are there, not ${count} and ${count * rowsPerFile}`);
}
