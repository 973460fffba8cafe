// One test of a model: mock rows of what it reads, and the rows that its statement makes of them.
import type { PlannedModel } from "@millrace/transform";
import { records } from "../load/sql-values.ts";
import { modelName } from "../models/plan-models.ts";
import { compareRows } from "./compare-rows.ts";
import type { MockRows, TestBench } from "./mock-rows.ts";
import type { ModelTest } from "./row-test.ts";

/** What differs; empty when the test passes. Models between the mock rows and the tested one are built from what they read. */
export async function runModelTest(bench: TestBench, mocks: MockRows, test: ModelTest): Promise<readonly string[]> {
  const name = `${test.domain}.${test.model}`;
  const model = bench.plan.models.find((candidate) => modelName(candidate) === name);
  if (model === undefined) return [`there is no model ${name}`];
  await mocks.place(test.tables);
  for (const one of readBy(bench.plan.models, model, new Set(Object.keys(test.tables))))
    await bench.tx.putView(one.domain, one.name, one.select);
  const found = records(await bench.tx.query(model.select));
  return compareRows(test.expect.rows, found, { ordered: test.expect.ordered });
}

/** Models that the model reads, directly or through others, up to those that are mocked; inputs before what reads them. */
function readBy(
  models: readonly PlannedModel[],
  model: PlannedModel,
  mocked: ReadonlySet<string>,
): readonly PlannedModel[] {
  const wanted = new Set<string>();
  const visit = (inputs: readonly string[]): void => {
    for (const input of inputs) {
      const found = models.find((candidate) => modelName(candidate) === input);
      if (found === undefined || mocked.has(input) || wanted.has(input)) continue;
      wanted.add(input);
      visit(found.inputs);
    }
  };
  visit(model.inputs);
  return models.filter((candidate) => wanted.has(modelName(candidate)));
}
