// `npm run bench -- <suite>`: measures a suite against a named baseline in the same run.
// Exit 0: every result was verified equal; with --strict also every goal holds. The options are in harness/options.ts.
import { isMillraceError } from "@millrace/core";
import { bootSuite } from "./boot/boot-suite.ts";
import { eventsSuite } from "./events/events-suite.ts";
import { filesSuite } from "./files/files-suite.ts";
import type { Figure, Suite } from "./harness/figure.ts";
import { machine, type Machine } from "./harness/machine.ts";
import { parseOptions, usage, type BenchOptions, type SuiteName } from "./harness/options.ts";
import { loadSuite } from "./load/load-suite.ts";
import { qualitySuite } from "./quality/quality-suite.ts";
import { restSuite } from "./rest/rest-suite.ts";
import { serveSuite } from "./serve/serve-suite.ts";
import { validateSuite } from "./validate/validate-suite.ts";

/** All suites, small: shows that they run and that their results are verified; its figures mean little. */
async function* smoke(): AsyncGenerator<Figure> {
  yield* loadSuite({ rows: 50_000, runs: 1 });
  yield* restSuite({ rows: 20_000, runs: 1 });
  yield* eventsSuite({ rows: 50_000, runs: 1, seconds: 2, brief: true });
  yield* serveSuite({ rows: 50_000, runs: 1, seconds: 1 });
  yield* filesSuite({ rows: 10_000 });
  yield* bootSuite({ rows: 50_000, runs: 1, seconds: 2 });
  yield* qualitySuite({ rows: 200_000, runs: 1 });
  yield* validateSuite({ rows: 10_000, runs: 1 });
}

const suites: Readonly<Record<SuiteName, Suite>> = {
  load: loadSuite,
  rest: restSuite,
  events: eventsSuite,
  serve: serveSuite,
  files: filesSuite,
  boot: bootSuite,
  quality: qualitySuite,
  validate: validateSuite,
  smoke,
};

function shown(figure: Figure): string {
  const ratio = figure.ratio === undefined ? "" : `, ${figure.ratio} of ${figure.baseline ?? "the baseline"}`;
  const goal = figure.goal === undefined ? "" : ` (goal ${figure.goal}: ${figure.holds === true ? "holds" : "missed"})`;
  return `${figure.suite} ${figure.name}: ${figure.value} ${figure.unit}${ratio}${goal}`;
}

function conditions({ cpu, cores, memoryGiB, node, versions, loadBefore }: Machine): string {
  const engines = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}, ${engines.join(", ")}; load before ${loadBefore}`;
}

async function measure({ suite, size, json, strict }: BenchOptions): Promise<number> {
  const here = machine();
  let missed = 0;
  if (!json) console.log(conditions(here));
  for await (const figure of suites[suite](size)) {
    if (figure.holds === false) missed += 1;
    console.log(json ? JSON.stringify({ ...figure, machine: here }) : shown(figure));
  }
  return strict && missed > 0 ? 1 : 0;
}

/** What the arguments ask for; undefined when they were answered already. */
function asked(args: readonly string[]): BenchOptions | undefined {
  try {
    const options = parseOptions(args);
    if (options === undefined) console.log(usage);
    return options;
  } catch (thrown) {
    if (!isMillraceError(thrown)) throw thrown;
    console.error(`error [${thrown.code}]: ${thrown.message}\nhint: ${thrown.hint}`);
    process.exitCode = 2;
    return undefined;
  }
}

const options = asked(process.argv.slice(2));
if (options !== undefined) process.exitCode = await measure(options);
