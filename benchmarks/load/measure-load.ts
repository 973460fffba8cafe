// One measurement in its own process: the engine's typed CREATE TABLE AS, or Millrace's load of the same file.
import { inputOf, report } from "../harness/measured-process.ts";
import { createTyped, loadByMillrace, type LoadOutcome, type SampleFile } from "./file-to-table.ts";
import { Sample, type SampleKind } from "./sample.ts";

export interface LoadInput extends SampleFile {
  readonly subject: "baseline" | "stored" | "arrival";
  readonly sample: SampleKind;
}

function outcomeOf(input: LoadInput): Promise<LoadOutcome> {
  if (input.subject === "baseline") return createTyped(input, input.sample === "types");
  return loadByMillrace(input, { contract: Sample, from: input.subject }, () => undefined);
}

report(await outcomeOf(inputOf<LoadInput>()));
