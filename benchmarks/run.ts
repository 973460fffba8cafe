// `npm run bench -- <suite> [--json] [--strict] [--rows N] [--runs N] [--seconds N]`: measures a suite against a named baseline in the same run.
// Exit 0: every result was verified equal; with --strict also every goal holds.
import { parseArgs } from "node:util";
import { bootSuite } from "./boot/boot-suite.ts";
import { eventsSuite } from "./events/events-suite.ts";
import type { Figure, Suite, SuiteOptions } from "./harness/figure.ts";
import { machine } from "./harness/machine.ts";
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
  yield* bootSuite({ rows: 50_000, runs: 1, seconds: 2 });
  yield* qualitySuite({ rows: 200_000, runs: 1 });
  yield* validateSuite({ rows: 10_000, runs: 1 });
}

const suites: Readonly<Record<string, Suite>> = {
  load: loadSuite,
  rest: restSuite,
  events: eventsSuite,
  serve: serveSuite,
  boot: bootSuite,
  quality: qualitySuite,
  validate: validateSuite,
  smoke,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
    rows: { type: "string" },
    runs: { type: "string" },
    seconds: { type: "string" },
  },
});

/** @throws Error when it is no whole number above 0 */
function whole(name: "rows" | "runs" | "seconds"): Partial<SuiteOptions> {
  const text = values[name];
  if (text === undefined) return {};
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`--${name} is a whole number above 0; received ${text}.`);
  return { [name]: Number(text) };
}

function shown(figure: Figure): string {
  const ratio = figure.ratio === undefined ? "" : `, ${figure.ratio} of ${figure.baseline ?? "the baseline"}`;
  const goal = figure.goal === undefined ? "" : ` (goal ${figure.goal}: ${figure.holds === true ? "holds" : "missed"})`;
  return `${figure.suite} ${figure.name}: ${figure.value} ${figure.unit}${ratio}${goal}`;
}

const suite = suites[positionals[0] ?? ""];
if (suite === undefined) {
  console.error(`Name a suite: ${Object.keys(suites).join(", ")}. Received: ${positionals[0] ?? "nothing"}.`);
  process.exitCode = 2;
} else {
  const here = machine();
  let missed = 0;
  if (!values.json) {
    const { cpu, cores, memoryGiB, node, versions, loadBefore } = here;
    const engines = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
    console.log(
      `${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}, ${engines.join(", ")}; load before ${loadBefore}`,
    );
  }
  for await (const figure of suite({ ...whole("rows"), ...whole("runs"), ...whole("seconds") })) {
    if (figure.holds === false) missed += 1;
    console.log(values.json ? JSON.stringify({ ...figure, machine: here }) : shown(figure));
  }
  if (values.strict && missed > 0) process.exitCode = 1;
}
