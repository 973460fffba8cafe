// One measurement in its own process: JSON.parse of the lines, or a validator over the parsed rows.
import { readFileSync } from "node:fs";
import { compileValidator } from "@millrace/quality";
import { inputOf, report } from "../harness/measured-process.ts";
import { Checked } from "./checked.ts";
import { ajvValidator, zodSchema } from "./contracts.ts";

export type ValidateSubject = "parse" | "millrace" | "zod" | "ajv";

export interface ValidateInput {
  readonly subject: ValidateSubject;
  /** NDJSON. */
  readonly file: string;
}

export interface ValidateOutcome {
  readonly rowsPerSecond: number;
  readonly refused: number;
}

/** The rows are gone through once to warm up, then this often. */
const rounds = 5;

function passing(subject: ValidateSubject): (row: unknown) => boolean {
  switch (subject) {
    case "parse":
      return (line) => JSON.parse(line as string) !== null;
    case "millrace": {
      const validator = compileValidator(Checked);
      return (row) => validator.validate(row).length === 0;
    }
    case "zod":
      return (row) => zodSchema.safeParse(row).success;
    case "ajv":
      return ajvValidator();
  }
}

const { subject, file } = inputOf<ValidateInput>();
const lines = readFileSync(file, "utf8").trimEnd().split("\n");
const rows: readonly unknown[] = subject === "parse" ? lines : lines.map((line): unknown => JSON.parse(line));
const passes = passing(subject);
let refused = 0;
for (const row of rows) if (!passes(row)) refused += 1;
const startedMs = performance.now();
for (let round = 0; round < rounds; round += 1) for (const row of rows) passes(row);
const seconds = (performance.now() - startedMs) / 1000;
report({ rowsPerSecond: (rows.length * rounds) / seconds, refused } satisfies ValidateOutcome);
