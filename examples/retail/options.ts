// The command line of `npm start`.
import { parseArgs } from "node:util";
import { MillraceError } from "millrace";

export interface StartOptions {
  /** Ends after the comparison; otherwise it keeps serving. */
  readonly once: boolean;
  readonly seed: number;
  /** 0: a free one. */
  readonly port: number;
}

export const usage = `A simulated retailer beside Millrace: loads a day of files, REST pages and events, and compares everything that is served with the truth.

  npm start -- [options]

  --once       ends after the comparison, instead of serving until Ctrl-C
  --seed <n>   other data (default 1); a second run with the same seed loads nothing
  --port <p>   where to serve (default 0: a free port, which is printed)
  --help

Examples:
  npm start -- --once
  npm start -- --seed 7 --port 8080

Exit code 0: every figure is that of the truth. 1: a figure differs, or the run failed. 2: the command was not understood.`;

const seedMax = 2 ** 31 - 1;
const portMax = 65_535;

/** @returns undefined for --help. @throws MillraceError request-invalid */
export function parseOptions(args: readonly string[]): StartOptions | undefined {
  const { help, once, seed, port } = parsed(args);
  if (help) return undefined;
  return { once, seed: whole("seed", seed, seedMax), port: whole("port", port, portMax) };
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
    options: {
      once: { type: "boolean", default: false },
      seed: { type: "string", default: "1" },
      port: { type: "string", default: "0" },
      help: { type: "boolean", default: false },
    },
  }).values;
}

function whole(name: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= max) return value;
  throw invalid(`--${name} is a whole number from 0 to ${max}; received "${text}".`);
}

function invalid(message: string): MillraceError {
  return new MillraceError("request-invalid", message, { hint: "See npm start -- --help." });
}
