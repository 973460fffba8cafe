// `npm run bench -- <suite> [--json] [--strict] [--rows N] [--runs N]`: measures a suite against a named baseline in the same run.
// Exit 0: every result was verified equal; with --strict also every goal holds.
import { parseArgs } from "node:util";
import type { Figure, Suite } from "./harness/figure.ts";
import { machine } from "./harness/machine.ts";
import { loadSuite } from "./load/load-suite.ts";

const suites: Readonly<Record<string, Suite>> = {
  load: loadSuite,
  /** All suites, small: shows that they run and that their results are verified; its figures mean little. */
  smoke: (options) => loadSuite({ ...options, rows: Math.min(options.rows, 50_000), runs: 1 }),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
    rows: { type: "string", default: "1000000" },
    runs: { type: "string", default: "3" },
  },
});

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
  let missed = 0;
  if (!values.json) console.log(`${machine().cpu}, ${machine().cores} cores, Node ${machine().node}`);
  for await (const figure of suite({ rows: Number(values.rows), runs: Number(values.runs) })) {
    if (figure.holds === false) missed += 1;
    console.log(values.json ? JSON.stringify({ ...figure, machine: machine() }) : shown(figure));
  }
  if (values.strict && missed > 0) process.exitCode = 1;
}
