// Carries out tests of rules and models on an empty warehouse: each in a transaction that is rolled back, through the loader and the planned statements
// that the platform itself uses.
import {
  didYouMean,
  MillraceError,
  toMillraceError,
  type Clock,
  type ObjectStore,
  type ProjectDefinition,
  type Warehouse,
  type WriteTransaction,
} from "@millrace/core";
import type { ModelPlan } from "@millrace/transform";
import { rollBack, wasRolledBack } from "../load/roll-back.ts";
import { modelName, planProjectModels } from "../models/plan-models.ts";
import { adoptTables } from "../plan/adopt-tables.ts";
import { runContractTest } from "./contract-test.ts";
import { MockRows, type TestBench } from "./mock-rows.ts";
import { runModelTest } from "./model-test.ts";
import type { RowTest, RowTestResult } from "./row-test.ts";

export interface RowTestParts {
  /** Of its own, without data. */
  readonly warehouse: Warehouse;
  readonly objects: ObjectStore;
  readonly clock: Clock;
}

/** One after the other, in order. A test that cannot be carried out fails with its error; the others go on. */
export async function* runRowTests(
  parts: RowTestParts,
  project: ProjectDefinition,
  tests: readonly RowTest[],
): AsyncGenerator<RowTestResult> {
  const { tables } = await adoptTables(parts.warehouse, parts.clock, project);
  const plan = await planProjectModels(parts.warehouse, project);
  for (const test of tests) yield await runOne(parts, { tables, plan }, test);
}

async function runOne(
  parts: RowTestParts,
  project: Pick<TestBench, "tables" | "plan">,
  test: RowTest,
): Promise<RowTestResult> {
  const startedMs = parts.clock.monotonicMs();
  const { name, file, line } = test;
  const subject = `${test.domain}.${test.kind === "contract" ? test.contract : test.model}`;
  const result = (outcome: Pick<RowTestResult, "passed" | "differences" | "error">): RowTestResult => ({
    name,
    subject,
    file,
    line,
    ...outcome,
    elapsedMs: parts.clock.monotonicMs() - startedMs,
  });
  try {
    refuseUnknown(project, test, subject);
    const differences = await tried(parts.warehouse, (tx) => {
      const bench: TestBench = { ...parts, ...project, tx };
      const mocks = new MockRows(bench);
      return test.kind === "contract" ? runContractTest(bench, mocks, test) : runModelTest(bench, mocks, test);
    });
    return result({ passed: differences.length === 0, differences });
  } catch (thrown) {
    return result({ passed: false, differences: [], error: toMillraceError(thrown).toJSON() });
  }
}

/** Names that nothing in the project has. @throws MillraceError request-invalid */
function refuseUnknown({ tables, plan }: Pick<TestBench, "tables" | "plan">, test: RowTest, subject: string): void {
  const at = `${test.file}:${test.line}: `;
  const faulty = plan.errors.find(({ model }) => model === subject);
  if (faulty !== undefined) throw new MillraceError("request-invalid", `${at}${faulty.error.message}`);
  const models = modelNames(plan);
  const known = test.kind === "contract" ? [...tables.keys()] : models;
  if (!known.includes(subject))
    throw new MillraceError("request-invalid", `${at}there is no ${test.kind} ${subject}${didYouMean(subject, known)}`);
  const all = [...tables.keys(), ...models];
  const unknown = Object.keys(test.tables).find((table) => !all.includes(table));
  if (unknown !== undefined)
    throw new MillraceError("request-invalid", `${at}there is no table ${unknown}${didYouMean(unknown, all)}`);
}

function modelNames(plan: ModelPlan): readonly string[] {
  return plan.models.map(modelName);
}

async function tried<T>(warehouse: Warehouse, work: (tx: WriteTransaction) => Promise<T>): Promise<T> {
  let outcome: { readonly value: T } | undefined;
  try {
    await warehouse.write(["millrace.tests"], async (tx) => {
      outcome = { value: await work(tx) };
      rollBack();
    });
  } catch (error) {
    if (outcome === undefined || !wasRolledBack(error)) throw error;
  }
  if (outcome === undefined) throw new MillraceError("internal", "A test left no outcome.");
  return outcome.value;
}
