// `npm run torture`: reads the options, runs, tells what was found. The last line of the output is the result as JSON.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMillraceError, MillraceError, stringifyExact } from "@millrace/core";
import { parseOptions, usage, type TortureOptions } from "./options.ts";
import { powerCutSupported } from "./power-cut/preload.ts";
import { isProof, TortureRun, type KillReport, type TortureOutcome } from "./run.ts";

const findingsShown = 20;
const { stdout, stderr } = process;

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options === undefined) {
      stdout.write(`${usage}\n`);
      return 0;
    }
    demandCompiler(options);
    return await torture(options);
  } catch (thrown) {
    if (!isMillraceError(thrown)) throw thrown;
    stderr.write(`error [${thrown.code}]: ${thrown.message}\n${thrown.hint === "" ? "" : `hint: ${thrown.hint}\n`}`);
    return thrown.code === "cancelled" ? 130 : 2;
  }
}

function demandCompiler({ mode }: TortureOptions): void {
  if (mode === "kill" || powerCutSupported()) return;
  throw new MillraceError(
    "request-invalid",
    "The power cut needs Linux and a C compiler (cc, gcc or clang in /usr/bin).",
    {
      hint: "Install one, or leave power cuts out with --mode kill; a kill alone does not see a missing sync.",
    },
  );
}

async function torture(options: TortureOptions): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-torture-"));
  const interrupted = new AbortController();
  const interrupt = (): void =>
    interrupted.abort(new MillraceError("cancelled", "Interrupted; what was begun is removed."));
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  let kept = false;
  try {
    const run = await TortureRun.open(options, { folder, signal: interrupted.signal });
    const outcome = await run.run((report) => tellKill(options, report));
    kept = options.keep && outcome.findings.length > 0;
    tellOutcome(outcome, { asked: options.kills, kept: kept ? folder : undefined });
    stdout.write(`${JSON.stringify(outcome.result)}\n`);
    return isProof(outcome, options) ? 0 : 1;
  } finally {
    if (!kept) await rm(folder, { recursive: true, force: true });
  }
}

function tellKill({ json, kills }: TortureOptions, { kill, number, failpoint, findings }: KillReport): void {
  const where = failpoint ?? (kill.place === "start" ? "start" : "random");
  if (json)
    stdout.write(
      `${stringifyExact({ event: "kill", number, where, hit: kill.hit, powerCut: kill.powerCut, findings: findings.length })}\n`,
    );
  if (stderr.isTTY === true)
    stderr.write(`\r\u001b[Kkill ${number} of ${kills}: ${where}${kill.powerCut ? ", power cut" : ""}`);
}

function tellOutcome(
  outcome: TortureOutcome,
  { asked, kept }: { readonly asked: number; readonly kept: string | undefined },
): void {
  const { result, findings, required, missing } = outcome;
  const lines = [
    `${result.kills} kills, ${outcome.powerCuts} of them power cuts; ${outcome.takeOvers} changes of owner; ${outcome.modelsCompared} times a model was compared with its recomputation; ${outcome.acknowledgedRows} rows acknowledged; ${outcome.tokenRotations} times a token was renewed.`,
    `${outcome.missed} kills struck elsewhere because their failpoint was not reached in time.`,
    `Each failpoint must be struck at least ${required} times in this many kills${missing.length === 0 ? "." : `; too seldom: ${missing.join(", ")}.`}`,
    ...(result.kills < asked
      ? [`It ended before its ${asked} kills: something was found, or a channel had stopped.`]
      : []),
    ...findings.slice(0, findingsShown).map(({ kind, count, what }) => `${kind} ${count}: ${what}`),
    ...(findings.length > findingsShown ? [`and ${findings.length - findingsShown} more`] : []),
    ...(kept === undefined ? [] : [`Everything is kept in ${kept}`]),
  ];
  stderr.write(`${stderr.isTTY === true ? "\r\u001b[K" : ""}${lines.join("\n")}\n`);
}

process.exitCode = await main(process.argv.slice(2));
