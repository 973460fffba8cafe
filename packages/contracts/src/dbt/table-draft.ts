// A contract while it is put together from the columns, constraints and data tests of a dbt table.
import {
  columnChecks,
  type ColumnCheck,
  type ColumnDefinition,
  type ContractDefinition,
  type LogicalType,
  type RuleDefinition,
  type SetRuleDefinition,
  type Severity,
} from "@millrace/core";
import { isFields, listOf, textOf, type Fields, type LocatedFile } from "../document/located.ts";
import type { ReportLoss } from "../document/loss.ts";
import { TakenNames } from "../document/names.ts";
import { fromSqlType } from "../types/sql-type.ts";
import { readTest, tableNamed, type DbtTest } from "./read-test.ts";
import { boundsOf, expectationTests } from "./translate-expectations.ts";
import { builtInTests } from "./translate-tests.ts";
import { boundText, type Translation } from "./translation.ts";

const tests = { ...builtInTests, ...expectationTests };

/** What is known of one column so far. */
export class ColumnDraft {
  readonly written: Fields;
  readonly name: string;
  required = false;
  key = false;
  values: readonly string[] | undefined;
  references: { readonly table: string; readonly column: string } | undefined;
  readonly checks: ColumnCheck[] = [];

  constructor(written: Fields, name: string) {
    this.written = written;
    this.name = name;
  }

  get original(): string {
    return String(this.written["name"]);
  }
}

export interface DraftOptions {
  readonly file: LocatedFile;
  readonly name: string;
  readonly columns: readonly ColumnDraft[];
  readonly report: ReportLoss;
}

export class TableDraft {
  readonly #file: LocatedFile;
  readonly #name: string;
  readonly #columns: readonly ColumnDraft[];
  readonly #report: ReportLoss;
  readonly #ruleNames = new TakenNames();
  readonly #rules: RuleDefinition[] = [];
  readonly #sets: SetRuleDefinition[] = [];

  constructor({ file, name, columns, report }: DraftOptions) {
    this.#file = file;
    this.#name = name;
    this.#columns = columns;
    this.#report = report;
  }

  /** @param holder where it is written, for its line */
  test(entry: unknown, holder: Fields, column?: ColumnDraft): void {
    const test = readTest(entry);
    const line = this.#file.line(isFields(entry) ? entry : (holder["data_tests"] ?? holder["tests"] ?? holder));
    const lost = (why: string): void =>
      this.#report(column?.name ?? this.#name, `the test ${test.kind} is left out: ${why}`, line);
    if (test.obstacle !== undefined) return lost(test.obstacle);
    const bounds = boundsOf(test.kind, test.given);
    if (bounds !== undefined && column !== undefined) return this.#bounds(column, test, bounds, lost);
    const translate = Object.hasOwn(tests, test.kind) ? tests[test.kind] : undefined;
    if (translate === undefined) return lost("a contract has no rule of this kind");
    const found = translate({ given: test.given, column: column?.name, columnOf: (name) => this.#columnOf(name) });
    if (found === undefined) return lost("its arguments say more than a contract can");
    this.#apply(found, test, column, lost);
  }

  /** Constraints of a column or of the table: not_null, unique, primary_key, foreign_key, check. */
  constraint(constraint: Fields, column?: ColumnDraft): void {
    const columns = column === undefined ? this.#named(constraint["columns"]) : [column];
    const line = this.#file.line(constraint);
    const lost = (why: string): void =>
      this.#report(column?.name ?? this.#name, `a constraint is left out: ${why}`, line);
    const [first, another] = columns;
    switch (constraint["type"]) {
      case "not_null":
        for (const one of columns) one.required = true;
        return;
      case "primary_key":
        for (const one of columns) one.key = true;
        return;
      case "unique":
        if (columns.length > 0) this.#addSet(uniqueSet(columns), { name: textOf(constraint["name"]) });
        return;
      case "check":
        return this.#addSql(textOf(constraint["expression"]), "check", { name: textOf(constraint["name"]) }, lost);
      case "foreign_key": {
        const target = foreignKey(constraint);
        if (target === undefined || first === undefined || another !== undefined)
          return lost("a foreign key of one column with to and to_columns is read");
        first.references = target;
        return;
      }
      default:
        lost(`${String(constraint["type"])} is not known`);
    }
  }

  definition(description: string | undefined): ContractDefinition {
    return {
      kind: "contract",
      name: this.#name,
      columns: this.#columns.map((column) => this.#column(column)),
      rules: this.#rules,
      ...(this.#sets.length === 0 ? {} : { sets: this.#sets }),
      ...(description === undefined || description.trim() === "" ? {} : { description: description.trim() }),
    };
  }

  #named(names: unknown): ColumnDraft[] {
    const wanted = listOf(names).map(String);
    return this.#columns.filter((column) => wanted.includes(column.original));
  }

  #columnOf(name: unknown): string | undefined {
    const text = textOf(name)?.replaceAll(/["`]/g, "").toLowerCase();
    return this.#columns.find((column) => column.original.toLowerCase() === text)?.name;
  }

  #bounds(
    column: ColumnDraft,
    test: DbtTest,
    { min, max, exclusive }: { readonly min: unknown; readonly max: unknown; readonly exclusive: boolean },
    lost: (why: string) => void,
  ): void {
    const given = [["min", min] as const, ["max", max] as const].filter(
      ([, value]) => value !== undefined && value !== null,
    );
    for (const [check, value] of given) {
      const text = boundText(value);
      if (text === undefined) lost(`${check}_value ${String(value)} is no constant`);
      else this.#addCheck(column, { check, value: text, ...(exclusive ? { exclusive } : {}) }, test);
    }
  }

  #apply(found: Translation, test: DbtTest, column: ColumnDraft | undefined, lost: (why: string) => void): void {
    switch (found.becomes) {
      case "nothing":
        return;
      case "set":
        return this.#addSet({ set: found.set, named: found.named }, test);
      case "sql":
        return this.#addSql(found.sql, found.named, test, lost);
      default:
        if (column === undefined) return lost("it stands at no column");
        return this.#applyToColumn(found, test, column);
    }
  }

  #applyToColumn(
    found: Exclude<Translation, { becomes: "nothing" | "set" | "sql" }>,
    test: DbtTest,
    column: ColumnDraft,
  ): void {
    const { name } = column;
    if (found.becomes === "check") return this.#addCheck(column, found.check, test);
    if (found.becomes === "values") {
      if (test.severity === undefined && column.values === undefined) column.values = found.values;
      else this.#addCheck(column, { check: "oneOf", values: found.values }, test);
    } else if (found.becomes === "required") {
      if (test.severity === undefined) column.required = true;
      else
        this.#addSet(
          {
            set: { set: "aggregate", of: "nullShare", column: name, scope: "table", max: 0 },
            named: `${name}_missing`,
          },
          test,
        );
    } else if (test.severity === undefined && column.references === undefined) column.references = found;
    else
      this.#addSet(
        {
          set: { set: "exists", columns: [name], table: found.table, parentColumns: [found.column] },
          named: `${name}_exists`,
        },
        test,
      );
    if (column.references !== undefined)
      column.references = { table: column.references.table, column: column.references.column };
  }

  #addCheck(column: ColumnDraft, check: ColumnCheck, { severity }: { readonly severity: Severity | undefined }): void {
    const again = column.checks.some((one) => one.check === check.check && one.name === undefined);
    const name = again ? { name: `${check.check}_${column.checks.length + 1}` } : {};
    column.checks.push({ ...check, ...name, ...(severity === undefined ? {} : { severity }) });
  }

  #addSet(rule: { readonly set: SetRuleDefinition["set"]; readonly named: string }, test: Partial<DbtTest>): void {
    this.#sets.push({ ...this.#facts(rule.named, test), set: rule.set });
  }

  #addSql(sql: string | undefined, named: string, test: Partial<DbtTest>, lost: (why: string) => void): void {
    if (sql === undefined || /\{[{%]/.test(sql)) return lost("its expression is missing or a template");
    if (/\b(?:select|over)\b/i.test(sql)) return lost("its expression looks beyond one row");
    this.#rules.push({ ...this.#facts(named, test), condition: { op: "sql", sql } });
  }

  #facts(named: string, { name, severity, description }: Partial<DbtTest>) {
    return {
      name: this.#ruleNames.take(name ?? named),
      ...(severity === undefined ? {} : { severity }),
      ...(description === undefined ? {} : { description }),
    };
  }

  #column(column: ColumnDraft): ColumnDefinition {
    const { written, name, original, checks } = column;
    const declared = this.#declaredType(column);
    const asType = column.values !== undefined && declared.kind === "string" && checks.length === 0;
    const type: LogicalType = asType ? { kind: "enum", values: [...new Set(column.values)] } : declared;
    const all = [
      ...checks,
      ...(column.values === undefined || asType ? [] : [{ check: "oneOf", values: column.values } as const]),
    ];
    const description = textOf(written["description"])?.trim();
    return {
      name,
      type,
      required: column.required || column.key,
      key: column.key,
      pii: isPersonal(written),
      version: false,
      checks: all.filter((check) => this.#fits(check, type, column)),
      ...(original === name ? {} : { source: original }),
      ...(column.references === undefined ? {} : { references: column.references }),
      ...(description === undefined || description === "" ? {} : { description }),
    };
  }

  #declaredType(column: ColumnDraft): LogicalType {
    const { written, name, checks } = column;
    const said = textOf(written["data_type"]);
    const type = said === undefined ? undefined : fromSqlType(said);
    if (type !== undefined) return type;
    const line = this.#file.line(written, "data_type");
    const why = said === undefined ? "it has no data_type" : `its data_type ${said} is not known`;
    const numeric = checks.some(
      (check) => (check.check === "min" || check.check === "max") && /^[+-]?\d+(\.\d+)?$/.test(check.value),
    );
    this.#report(name, `${why}; ${numeric ? "decimal(38,9), for its range," : "text"} is taken`, line);
    return numeric ? { kind: "decimal", precision: 38, scale: 9 } : { kind: "string" };
  }

  #fits(check: ColumnCheck, type: LogicalType, { name, written }: ColumnDraft): boolean {
    const fits = columnChecks[check.check].types.includes(type.kind);
    if (!fits)
      this.#report(
        name,
        `the check ${check.check} does not fit a column of type ${type.kind}; it is left out`,
        this.#file.line(written),
      );
    return fits;
  }
}

function uniqueSet(columns: readonly ColumnDraft[]): {
  readonly set: SetRuleDefinition["set"];
  readonly named: string;
} {
  const names = columns.map((column) => column.name);
  return {
    set: { set: "unique", columns: names, keep: "first" },
    named: names.length === 1 ? `${names[0] ?? ""}_unique` : `unique_${names.join("_")}`,
  };
}

function foreignKey(constraint: Fields): { readonly table: string; readonly column: string } | undefined {
  const table = tableNamed(constraint["to"]);
  const [column, another] = listOf(constraint["to_columns"]).map(String);
  return table === undefined || column === undefined || another !== undefined ? undefined : { table, column };
}

/** What projects write to mark personal data; dbt itself has no word for it. */
function isPersonal(written: Fields): boolean {
  const config = isFields(written["config"]) ? written["config"] : {};
  const meta = {
    ...(isFields(config["meta"]) ? config["meta"] : {}),
    ...(isFields(written["meta"]) ? written["meta"] : {}),
  };
  const tags = [...listOf(written["tags"]), ...listOf(config["tags"])];
  return meta["pii"] === true || meta["contains_pii"] === true || tags.includes("pii");
}
