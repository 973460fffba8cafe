// All checks of one moment, over every workload. Each statement sees one state, so the process may go on working meanwhile.
import type { TorturedProcess } from "../process/tortured-process.ts";
import type { Workload } from "../workloads/workload.ts";
import type { Finding } from "./finding.ts";
import { checkLedger } from "./ledger-checks.ts";
import { ModelChecks } from "./model-checks.ts";
import { checkQuarantine } from "./quarantine-checks.ts";
import { checkSizes, readObjects } from "./raw-checks.ts";
import type { Moment, Query } from "./table-truth.ts";

export class Judge {
  readonly models: ModelChecks;
  readonly #workloads: readonly Workload[];
  readonly #objects: string;

  constructor(workloads: readonly Workload[], folders: { readonly project: string; readonly objects: string }) {
    this.#workloads = workloads;
    this.models = new ModelChecks(folders.project);
    this.#objects = folders.objects;
  }

  /** @throws NoAnswer when the process dies meanwhile */
  async check(process: TorturedProcess, moment: Moment): Promise<readonly Finding[]> {
    const query: Query = (sql) => process.query(sql);
    const tables = this.#workloads.flatMap((workload) => workload.tables);
    const findings: Finding[] = [];
    findings.push(...(await checkLedger(query, tables, await process.ask({ kind: "ledger-faults" }))));
    findings.push(...(await checkSizes(this.#objects, await readObjects(query))));
    for (const table of tables) {
      findings.push(...(await table.check(query, moment)));
      findings.push(...(await checkQuarantine(query, table, moment)));
    }
    for (const workload of this.#workloads) {
      for (const model of workload.models) findings.push(...(await this.models.check(query, model, moment)));
      findings.push(...workload.findings());
      if (moment === "end") findings.push(...(await workload.checkEnd(query)));
    }
    return findings;
  }

  /** Rows that nobody can read any more when the process does not start again. */
  get acknowledgedRows(): number {
    return this.#workloads.flatMap(({ tables }) => tables).reduce((sum, table) => sum + table.acknowledgedRows, 0);
  }
}
