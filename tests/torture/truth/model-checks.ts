// A model equals the recomputation from its base whenever it has seen the present versions of its inputs.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { lost, partial, type Finding } from "./finding.ts";
import type { Moment, Query } from "./table-truth.ts";

interface SeenVersions {
  readonly [table: string]: { readonly version: number; readonly rewrites: number };
}

export class ModelChecks {
  readonly #project: string;
  readonly #selects = new Map<string, string>();
  /** Models that were fresh when they were looked at, and so were compared. */
  compared = 0;

  constructor(project: string) {
    this.#project = project;
  }

  async check(query: Query, model: string, moment: Moment): Promise<readonly Finding[]> {
    const [domain = "", name = ""] = model.split(".");
    const stored = await query(`SELECT count(*) FROM millrace.tables WHERE domain = '${domain}' AND name = '${name}'`);
    if (Number(stored[0]?.[0]) === 0) return moment === "end" ? [lost(1, `model ${model} was never built`)] : [];
    const select = await this.#select(domain, name);
    // One statement: the versions and the rows are of one state.
    const found = await query(
      `SELECT (SELECT inputs FROM millrace.models WHERE domain = '${domain}' AND name = '${name}'),
         (SELECT to_json(list({name: domain || '.' || name, version: version, rewrites: rewrites})) FROM millrace.tables),
         (SELECT count(*) FROM ((SELECT * FROM ${model} EXCEPT ALL (${select})) UNION ALL ((${select}) EXCEPT ALL SELECT * FROM ${model})))`,
    );
    const [inputs, present, differing] = found[0] ?? [];
    const fresh = isFresh(String(inputs), String(present));
    if (!fresh) return moment === "end" ? [partial(1, `model ${model} has not followed its inputs`)] : [];
    this.compared += 1;
    if (Number(differing) === 0) return [];
    return [partial(1, `model ${model}: ${String(differing)} rows differ from recomputation`)];
  }

  async #select(domain: string, name: string): Promise<string> {
    const key = `${domain}.${name}`;
    const known = this.#selects.get(key);
    if (known !== undefined) return known;
    const text = await readFile(join(this.#project, "domains", domain, "models", `${name}.sql`), "utf8");
    const select = text.slice(text.indexOf("*/") + 2).trim();
    this.#selects.set(key, select);
    return select;
  }
}

function isFresh(inputs: string, present: string): boolean {
  const tables = new Map(
    (JSON.parse(present) as { name: string; version: number; rewrites: number }[]).map((table) => [table.name, table]),
  );
  return Object.entries(JSON.parse(inputs) as SeenVersions).every(([name, { version, rewrites }]) => {
    const table = tables.get(name);
    return Number(table?.version) === Number(version) && Number(table?.rewrites) === Number(rewrites);
  });
}
