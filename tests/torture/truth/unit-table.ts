// Truth of a table that is appended or replaced: units come whole. A slot (a file's path, a replaced table) shows one of its units at a time.
import { duplicated, lost, partial, type Finding } from "./finding.ts";
import { hashSql, rowHash, type SentRow } from "./rows.ts";
import { sqlName, type Moment, type Query, type TableName, type TableTruth } from "./table-truth.ts";

export interface UnitTableOptions extends TableName {
  /** False where rows of one unit may become visible apart: pages end in its midst, rows wait for their parent. */
  readonly whole: boolean;
  readonly keepsBatches: boolean;
}

interface Unit {
  readonly name: string;
  readonly slot: string;
  readonly rows: number;
  readonly sum: bigint;
  readonly bad: readonly string[];
  /** Makes its good rows again. */
  readonly again: () => readonly SentRow[];
  acknowledged: boolean;
  /** Most rows of it that were ever seen in the table. */
  seen: number;
}

interface Visible {
  readonly unit: string;
  readonly rows: number;
  readonly sum: bigint;
}

export class UnitTable implements TableTruth {
  readonly domain: string;
  readonly name: string;
  readonly columns: readonly string[];
  readonly keepsBatches: boolean;
  readonly #whole: boolean;
  readonly #units = new Map<string, Unit>();
  readonly #slots = new Map<string, Unit[]>();

  constructor({ domain, name, columns, whole, keepsBatches }: UnitTableOptions) {
    this.domain = domain;
    this.name = name;
    this.columns = columns;
    this.keepsBatches = keepsBatches;
    this.#whole = whole;
  }

  /** To be called before the first byte leaves. `make` gives the same rows each time. */
  begin(name: string, make: () => readonly SentRow[], isGood: (row: SentRow) => boolean, slot = name): void {
    const rows = make();
    const good = rows.filter(isGood);
    const unit: Unit = {
      name,
      slot,
      rows: good.length,
      sum: good.reduce((sum, row) => sum + rowHash(this.columns, row), 0n),
      bad: rows.filter((row) => !isGood(row)).map((row) => String(row["id"])),
      again: () => make().filter(isGood),
      acknowledged: false,
      seen: 0,
    };
    this.#units.set(name, unit);
    this.#slots.set(slot, [...(this.#slots.get(slot) ?? []), unit]);
  }

  acknowledge(name: string): void {
    const unit = this.#units.get(name);
    if (unit !== undefined) unit.acknowledged = true;
  }

  get acknowledgedRows(): number {
    return this.#newest().reduce((sum, unit) => sum + (unit.acknowledged ? unit.rows : 0), 0);
  }

  openBad(): ReadonlySet<string> {
    return new Set(this.#newest().flatMap((unit) => unit.bad));
  }

  async check(query: Query, moment: Moment): Promise<readonly Finding[]> {
    const found = await query(
      `SELECT unit, count(*), sum(${hashSql(this.columns)}) FROM ${sqlName(this)} GROUP BY unit`,
    );
    const visible = found.map(([unit, rows, sum]) => ({
      unit: String(unit),
      rows: Number(rows),
      sum: BigInt(String(sum)),
    }));
    const findings: Finding[] = [];
    for (const shown of visible) findings.push(...(await this.#judge(query, shown, moment)));
    const shownUnits = new Set(visible.map(({ unit }) => unit));
    for (const [slot, units] of this.#slots) findings.push(...this.#judgeSlot(slot, units, shownUnits, moment));
    for (const { unit, rows } of visible) this.#remember(unit, rows);
    return findings;
  }

  async #judge(query: Query, shown: Visible, moment: Moment): Promise<readonly Finding[]> {
    const unit = this.#units.get(shown.unit);
    const where = `unit ${shown.unit} of ${sqlName(this)}`;
    if (unit === undefined) return [duplicated(shown.rows, `${where}: nobody sent it`)];
    if (shown.rows === unit.rows && shown.sum === unit.sum) return [];
    const findings: Finding[] = [];
    const inPart = shown.rows < unit.rows && (this.#whole || moment === "end");
    if (inPart && this.#whole) findings.push(partial(1, `${where}: ${shown.rows} of ${unit.rows} rows are visible`));
    const rows = await this.#compareRows(query, unit);
    if (rows.extra > 0) findings.push(duplicated(rows.extra, `${where}: ${rows.extra} rows too many`));
    const missingCounts = moment === "end" || (shown.rows >= unit.rows && rows.missing > 0);
    if (missingCounts && rows.missing > 0) findings.push(lost(rows.missing, `${where}: ${rows.missing} rows missing`));
    return findings;
  }

  async #compareRows(query: Query, unit: Unit): Promise<{ readonly extra: number; readonly missing: number }> {
    const left = new Map<bigint, number>();
    for (const row of unit.again()) {
      const hash = rowHash(this.columns, row);
      left.set(hash, (left.get(hash) ?? 0) + 1);
    }
    const found = await query(`SELECT ${hashSql(this.columns)} FROM ${sqlName(this)} WHERE unit = '${unit.name}'`);
    let extra = 0;
    for (const [value] of found) {
      const hash = BigInt(String(value));
      const count = left.get(hash) ?? 0;
      if (count === 0) extra += 1;
      else left.set(hash, count - 1);
    }
    return { extra, missing: [...left.values()].reduce((sum, count) => sum + count, 0) };
  }

  #judgeSlot(slot: string, units: readonly Unit[], visible: ReadonlySet<string>, moment: Moment): Finding[] {
    const shown = units.filter((unit) => visible.has(unit.name));
    const findings: Finding[] = [];
    const where = `${slot} in ${sqlName(this)}`;
    for (const old of shown.slice(0, -1))
      findings.push(duplicated(old.rows, `${where}: ${old.name} is still there beside a later version`));
    const at = units.findLastIndex((unit) => visible.has(unit.name));
    const newestSeen = units.findLastIndex((unit) => unit.seen > 0);
    const expected = moment === "end" ? units.length - 1 : newestSeen;
    const missing = at < expected ? units[expected] : undefined;
    if (missing !== undefined && missing.rows > 0)
      findings.push(lost(missing.rows, `${where}: unit ${missing.name} with ${missing.rows} rows is not there`));
    return findings;
  }

  #remember(name: string, rows: number): void {
    const unit = this.#units.get(name);
    if (unit !== undefined) unit.seen = Math.max(unit.seen, rows);
  }

  /** The unit that each slot must show in the end. */
  #newest(): readonly Unit[] {
    return [...this.#slots.values()].flatMap((units) => units.slice(-1));
  }
}
