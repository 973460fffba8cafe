// The command line of `npm run bench`.
import { parseArgs } from "node:util";
import { didYouMean, MillraceError } from "@millrace/core";
import type { SuiteOptions } from "./figure.ts";

export type SizeOption = "rows" | "runs" | "seconds";

/** What each suite measures, and which sizes it can be given. */
const suites = {
  load: { about: "files to checked tables", takes: ["rows", "runs"] },
  rest: { about: "pages of a JSON API to a checked table", takes: ["rows", "runs"] },
  events: {
    about: "events over HTTP: durable per second, and accepted to visible",
    takes: ["rows", "runs", "seconds"],
  },
  serve: { about: "a page of 100 rows over HTTP", takes: ["rows", "runs", "seconds"] },
  files: { about: "spreadsheets, and a folder with a small file for every ten rows", takes: ["rows"] },
  boot: { about: "start, memory and processor while idle", takes: ["rows", "runs", "seconds"] },
  quality: { about: "what rules cost, 10 million rows", takes: ["rows", "runs"] },
  validate: { about: "the validator of the ingress", takes: ["rows", "runs"] },
  smoke: { about: "all of them, small: do they run, are their results right", takes: [] },
} as const satisfies Readonly<Record<string, { readonly about: string; readonly takes: readonly SizeOption[] }>>;

export type SuiteName = keyof typeof suites;

export const suiteNames = Object.keys(suites) as readonly SuiteName[];

export interface BenchOptions {
  readonly suite: SuiteName;
  readonly size: Pick<SuiteOptions, SizeOption>;
  readonly json: boolean;
  readonly strict: boolean;
}

const listed = Object.entries(suites).map(
  ([name, { about, takes }]) =>
    `  ${name.padEnd(9)} ${about}${takes.length === 0 ? "" : ` (${takes.map((size) => `--${size}`).join(", ")})`}`,
);

export const usage = `Measures Millrace against a named baseline in the same run, and verifies every result.

  npm run bench -- <suite> [options]

Suites, with the sizes that they take:
${listed.join("\n")}

Options:
  --rows <n>      rows of the tables and files
  --runs <n>      how often each side is measured, in turns; the median counts
  --seconds <n>   how long it is measured
  --json          one line of JSON per figure, with machine and versions
  --strict        ends with 1 where a goal is missed
  --help

Examples:
  npm run bench -- smoke
  npm run bench -- load --rows 200000 --runs 1
  npm run bench -- events --seconds 10 --json

Exit code 0: every result was right, and with --strict every goal holds. 1: a result was wrong, or with --strict a goal was missed.
2: the command was not understood.`;

/** @returns undefined for --help. @throws MillraceError request-invalid */
export function parseOptions(args: readonly string[]): BenchOptions | undefined {
  const { values, positionals } = parsed(args);
  if (values.help) return undefined;
  const [name, ...more] = positionals;
  if (more.length > 0) throw invalid(`One suite at a time; received ${positionals.join(", ")}.`);
  const suite = suiteNames.find((one) => one === name);
  if (suite === undefined) {
    const received = name === undefined ? "nothing" : `"${name}"${didYouMean(name, suiteNames)}`;
    throw invalid(`A suite is one of ${suiteNames.join(", ")}; received ${received}`);
  }
  const { rows, runs, seconds, json, strict } = values;
  const given = Object.entries({ rows, runs, seconds }).filter(
    (entry): entry is [SizeOption, string] => entry[1] !== undefined,
  );
  return {
    suite,
    size: Object.fromEntries(given.map(([size, text]) => [size, whole(suite, size, text)])),
    json,
    strict,
  };
}

function whole(suite: SuiteName, size: SizeOption, text: string): number {
  const takes: readonly SizeOption[] = suites[suite].takes;
  if (!takes.includes(size)) {
    const valid = takes.length === 0 ? "it has a fixed size" : `it takes ${takes.map((one) => `--${one}`).join(", ")}`;
    throw invalid(`--${size} does nothing in the suite ${suite}: ${valid}.`);
  }
  const value = Number(text);
  if (/^[1-9]\d*$/.test(text) && Number.isSafeInteger(value)) return value;
  throw invalid(`--${size} is a whole number above 0; received "${text}".`);
}

function parsed(args: readonly string[]): ReturnType<typeof parse> {
  try {
    return parse(args);
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : String(cause));
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      strict: { type: "boolean", default: false },
      rows: { type: "string" },
      runs: { type: "string" },
      seconds: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
}

function invalid(message: string): MillraceError {
  return new MillraceError("request-invalid", message, { hint: "npm run bench -- --help" });
}
