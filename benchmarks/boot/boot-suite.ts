// `millrace dev` from the start of its process to ready: with nothing, with many rows, and after it was killed; then what it takes while idle.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median, rounded, type Figure, type SuiteOptions } from "../harness/figure.ts";
import { writeHistory } from "../harness/history.ts";
import { bodyOf } from "../events/event-bodies.ts";
import { StartedMillrace, type Form } from "./started-millrace.ts";

const suite = "boot";
const readyGoalMs = 1000;
const memoryGoalMB = 200;
const shareGoal = 1;
const loadTimeoutMs = 15 * 60_000;
const killedEvents = 100;

interface Stage {
  readonly folder: string;
  readonly files: string;
  readonly runs: number;
  readonly rows: number;
}

export async function* bootSuite({ rows = 10_000_000, runs = 5, seconds = 30 }: SuiteOptions): AsyncGenerator<Figure> {
  build();
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const stage: Stage = { folder, files: join(folder, "files"), runs, rows };
  try {
    mkdirSync(stage.files);
    mkdirSync(join(folder, "no-files"));
    yield* empty(stage);
    yield* filled(stage);
    yield* killed(stage);
    yield* idle(stage, seconds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function build(): void {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const { status, stdout } = spawnSync("npm", ["run", "--silent", "build"], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm run build failed:\n${stdout}`);
}

function readyFigure(what: string, times: readonly number[]): Figure {
  const value = rounded(median(times));
  return { suite, name: `ready, ${what}`, value, unit: "ms", goal: `<= ${readyGoalMs}`, holds: value <= readyGoalMs };
}

/** Data folder `filled` belongs to the files of the stage; all others have none to load. */
function start({ folder, files }: Stage, form: Form, data: string): Promise<StartedMillrace> {
  const filesFolder = data === "filled" ? files : join(folder, "no-files");
  return StartedMillrace.start({ form, dataFolder: join(folder, data), filesFolder });
}

/** A new data folder each time, the forms in turn. The first start of each fills the caches of code and is not counted. */
async function* empty(stage: Stage): AsyncGenerator<Figure> {
  const times: Record<Form, number[]> = { built: [], source: [] };
  for (let run = 0; run <= stage.runs; run += 1) {
    for (const form of ["built", "source"] as const) {
      await using millrace = await start(stage, form, `empty-${form}-${run}`);
      if (run > 0) times[form].push(millrace.readyMs);
    }
  }
  yield readyFigure("empty, built", times.built);
  yield readyFigure("empty, from source", times.source);
}

async function* filled(stage: Stage): AsyncGenerator<Figure> {
  await writeHistory(stage.files, "appended", stage.rows);
  {
    await using millrace = await start(stage, "built", "filled");
    await untilRows(millrace, stage.rows);
  }
  const times: number[] = [];
  for (let run = 0; run < stage.runs; run += 1) {
    await using millrace = await start(stage, "built", "filled");
    times.push(millrace.readyMs);
  }
  yield readyFigure(`${stage.rows} rows, built`, times);
}

/** Killed right after events were acknowledged: some are in the log only, some in the write-ahead log of the warehouse. */
async function* killed(stage: Stage): AsyncGenerator<Figure> {
  const times: number[] = [];
  for (let run = 0; run < stage.runs; run += 1) {
    await using before = await start(stage, "built", "filled");
    await send(before, stage.rows + 1 + run * killedEvents);
    await before.end("SIGKILL");
    await using after = await start(stage, "built", "filled");
    times.push(after.readyMs);
    await untilRows(after, stage.rows + (run + 1) * killedEvents);
  }
  yield readyFigure(`${stage.rows} rows, built, after SIGKILL`, times);
}

async function send({ url, headers }: StartedMillrace, first: number): Promise<void> {
  const ids = Array.from({ length: killedEvents }, (_none, at) => first + at);
  const answer = await fetch(`${url}/ingest/bench.append`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: new Uint8Array(bodyOf(ids, "json").bytes),
  });
  if (answer.status !== 202) throw new Error(`events were answered with ${answer.status}`);
}

/** Resolves when the table has exactly so many rows. */
async function untilRows({ url, headers }: StartedMillrace, rows: number): Promise<void> {
  const deadline = performance.now() + loadTimeoutMs;
  let found = 0;
  while (found < rows) {
    if (performance.now() > deadline)
      throw new Error(`expected ${rows} rows, found ${found} after ${loadTimeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const answer = await fetch(`${url}/data/bench/appended?select=event_id&limit=1`, {
      headers: { ...headers, prefer: "count=exact" },
    });
    found = Number(answer.headers.get("content-range")?.split("/")[1] ?? 0);
  }
  if (found > rows) throw new Error(`expected ${rows} rows, found ${found}`);
}

/** All at the same time: none of them should need anything. */
async function* idle(stage: Stage, seconds: number): AsyncGenerator<Figure> {
  await using built = await start(stage, "built", "idle-built");
  await using source = await start(stage, "source", "idle-source");
  await using filledBuilt = await start(stage, "built", "filled");
  const all = [
    ["empty, built", built],
    ["empty, from source", source],
    [`${stage.rows} rows, built`, filledBuilt],
  ] as const;
  await new Promise((resolve) => setTimeout(resolve, Math.min(10_000, seconds * 1000)));
  const before = all.map(([, one]) => one.processorSeconds);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  for (const [at, [what, one]] of all.entries()) {
    const megabytes = Math.round(one.memoryBytes / 1e6);
    const share = rounded(((one.processorSeconds - (before[at] ?? 0)) / seconds) * 100);
    const memory = { goal: `<= ${memoryGoalMB}`, holds: megabytes <= memoryGoalMB };
    yield { suite, name: `idle memory, ${what}`, value: megabytes, unit: "MB", ...memory };
    const processor = { goal: `< ${shareGoal}`, holds: share < shareGoal };
    yield { suite, name: `idle processor share, ${what}`, value: share, unit: "% of a core", ...processor };
  }
}
