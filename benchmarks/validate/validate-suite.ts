// The validator of the ingress over parsed rows: against JSON.parse of the same rows, and beside Zod and Ajv on the same contract.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { againstBaseline, median, rounded, type Figure, type SuiteOptions } from "../harness/figure.ts";
import { measured } from "../harness/measured-process.ts";
import { writeSamples } from "../load/sample.ts";
import type { ValidateInput, ValidateOutcome, ValidateSubject } from "./measure-validate.ts";

const script = fileURLToPath(import.meta.resolve("./measure-validate.ts"));
const subjects: readonly ValidateSubject[] = ["parse", "millrace", "zod", "ajv"];
const names = { millrace: "Millrace", zod: "Zod", ajv: "Ajv" } as const;

export async function* validateSuite({ rows = 100_000, runs = 5 }: SuiteOptions): AsyncGenerator<Figure> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    await writeSamples(folder, rows);
    const found: Record<ValidateSubject, number[]> = { parse: [], millrace: [], zod: [], ajv: [] };
    for (let run = 0; run < runs; run += 1)
      for (const subject of subjects) {
        const input: ValidateInput = { subject, file: join(folder, "rules.ndjson") };
        const { result } = await measured<ValidateOutcome>(script, input);
        verify(subject, result, rows);
        found[subject].push(result.rowsPerSecond);
      }
    yield* figures(found);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function* figures(found: Readonly<Record<ValidateSubject, readonly number[]>>): Generator<Figure> {
  const baseline = median(found.parse);
  yield { suite: "validate", name: "JSON.parse", value: rounded(baseline), unit: "rows/s" };
  for (const subject of ["millrace", "zod", "ajv"] as const)
    yield againstBaseline(
      { suite: "validate", name: names[subject], unit: "rows/s" },
      {
        subject: median(found[subject]),
        baseline,
        baselineName: "JSON.parse of the same rows",
        ...(subject === "millrace" ? { goal: 1 } : {}),
      },
    );
}

/** All refuse the same rows: one of a hundred. */
function verify(subject: ValidateSubject, { refused }: ValidateOutcome, rows: number): void {
  const expected = subject === "parse" ? 0 : Math.floor(rows / 100);
  if (refused !== expected) throw new Error(`${subject}: expected ${expected} refused rows, found ${refused}`);
}
