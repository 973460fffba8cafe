// `millrace test`: rows in, rows out, for the rules and models of a project. On an empty warehouse of its own; the project's data is not touched.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { Command } from "commander";
import { silentLogger, systemClock, type ProjectDefinition } from "@millrace/core";
import type { RowTest, RowTestResult } from "@millrace/runtime";
import { command, CommandContext, type CommonOptions } from "../command-context.ts";
import type { Io } from "../io.ts";

interface TestOptions extends CommonOptions {
  readonly domain?: string;
}

/** Tests that fail are the author's to mend, but no wrong usage. */
const FAILED = 1;

export function testCommand(io: Io, exit: (code: number) => void): Command {
  return command("test", "run the tests of rules and models: rows in, rows out", [
    "test",
    "test revenue            # those whose name, contract or model contains it",
    "test --domain sales --json",
  ])
    .argument("[text]", "only tests whose name, contract or model contains this")
    .option("--domain <name>", "only tests of this domain")
    .action(async (text: string | undefined, options: TestOptions) => {
      const context = new CommandContext(io, options);
      const project = await context.project();
      const { readRowTests } = await import("../../row-tests/read-row-tests.ts");
      const all = readRowTests(project);
      const tests = all.filter((test) => isWanted(test, text, options.domain));
      const results = await run(project, tests);
      const failed = results.filter(({ passed }) => !passed).length;
      const report = { passed: results.length - failed, failed, tests: results };
      context.answer(report, () =>
        tests.length === 0 ? nothingText(all.length) : reportText(results, project.folder),
      );
      if (failed > 0) exit(FAILED);
    });
}

function isWanted(test: RowTest, text: string | undefined, domain: string | undefined): boolean {
  if (domain !== undefined && test.domain !== domain) return false;
  const subject = test.kind === "contract" ? test.contract : test.model;
  return text === undefined || `${test.name} ${test.domain}.${subject}`.includes(text);
}

async function run(project: ProjectDefinition, tests: readonly RowTest[]): Promise<readonly RowTestResult[]> {
  if (tests.length === 0) return [];
  const [{ openPlatform }, { runRowTests }] = await Promise.all([
    import("../../open-platform.ts"),
    import("@millrace/runtime"),
  ]);
  const folder = await mkdtemp(join(tmpdir(), "millrace-test-"));
  try {
    await using opened = await openPlatform({ project, dataFolder: join(folder, "data"), log: silentLogger });
    const parts = { warehouse: opened.platform.warehouse, objects: opened.objects, clock: systemClock };
    const results: RowTestResult[] = [];
    for await (const result of runRowTests(parts, project, tests)) results.push(result);
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function nothingText(written: number): string {
  return written === 0
    ? "no tests: write some in domains/<domain>/tests/*.yaml"
    : `none of the ${written} tests is meant: see millrace test --help`;
}

function reportText(results: readonly RowTestResult[], folder: string): string {
  const lines = results.flatMap((result) => {
    const head = `${result.passed ? "pass" : "FAIL"}  ${result.subject}: ${result.name} (${Math.round(result.elapsedMs)} ms)`;
    if (result.passed) return [head];
    const problem = result.error === undefined ? result.differences : [`${result.error.code}: ${result.error.message}`];
    return [head, `      ${relative(folder, result.file)}:${result.line}`, ...problem.map((line) => `      ${line}`)];
  });
  const failed = results.filter(({ passed }) => !passed).length;
  return [...lines, "", `${results.length - failed} passed, ${failed} failed`].join("\n");
}
