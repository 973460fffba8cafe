// One scan, one verdict: the relation of typed columns with the failed codes and reasons of each row and, for rows that failed, the original.
import type { ColumnDefinition, ContractDefinition, LoadRequest, RowCheck } from "@millrace/core";
import { columnCode, malformedCode, unknownFieldCode } from "@millrace/core";
import { ident, literal } from "../engine/identifiers.ts";
import { exactness, lenientCast } from "./conversions.ts";
import { formulaFailed, originField, whereabouts, type Traced } from "./origin.ts";
import type { SourceColumn } from "./source-reader.ts";
import { withUnknown } from "./unknown-fields.ts";

interface Failure {
  readonly code: string;
  /** SQL that is TRUE when the row fails. */
  readonly when: string;
  /** SQL of a text for people. */
  readonly reason: string;
}

/** SQL of `_seq`: the version column, else the first receipt of the row, given as SQL. */
export function seqExpression(contract: ContractDefinition, received: string): string {
  const version = contract.columns.find((column) => column.version);
  if (version === undefined) return received;
  const column = ident(version.name);
  const value = version.type.kind === "timestamp" ? `epoch_us(${column})` : `CAST(${column} AS BIGINT)`;
  return `coalesce(${value}, ${received})`;
}

export interface LabelOptions {
  /** Rows whose `_original` is wanted; default: those that failed. */
  readonly originals?: "failed" | "all" | "none";
  /** Columns of the source that pass through. */
  readonly carried?: readonly string[];
  /** The source has `_origin`. */
  readonly traced?: Traced;
  /** The source has `_unknown`; `refuse`: rows that have unknown fields fail. */
  readonly unknown?: "keep" | "refuse" | undefined;
}

type Rules = Pick<LoadRequest, "contract" | "verdict" | "receivedSeq">;

/**
 * The typed rows with their verdict: the contract's columns, `_file`, and for rows that failed `_codes`, `_reasons` and `_original` (else NULL).
 *
 * @param source relation with `_s0`..., `_file`, `_malformed`
 */
export function labelledRelation(
  rules: Rules,
  columns: readonly SourceColumn[],
  source: string,
  options: LabelOptions = {},
): string {
  const { contract } = rules;
  const values = contract.columns.map(
    (column, at) =>
      `${exactValue(column, columns[at], { at, text: preparedText(rules, at) })} AS ${ident(column.name)}`,
  );
  const { traced } = options;
  const refuses = options.unknown === "refuse";
  const failures = [
    malformed(contract),
    ...(refuses ? [unknownFailure(contract)] : []),
    ...typeFailures(rules, columns, traced),
    ...ruleFailures(rules, traced),
  ];
  const failed = failures.map(
    ({ when, code, reason }) => `CASE WHEN ${when} THEN {c: ${literal(code)}, r: ${reason}} END`,
  );
  const verdicts = `CASE WHEN _good THEN NULL ELSE list_filter([${failed.join(", ")}], lambda _failure: _failure IS NOT NULL) END`;
  const good = [
    "_malformed IS NULL",
    ...(refuses ? ["_unknown IS NULL"] : []),
    ...presence(rules, columns),
    ...sound(contract, traced),
    ...keptChecks(rules),
  ].join(" AND ");
  const shown = [...contract.columns.map((column) => ident(column.name)), "_file", ...(options.carried ?? [])];
  return `SELECT ${shown.join(", ")}, list_transform(_failed, lambda _failure: _failure.c) AS _codes, list_transform(_failed, lambda _failure: _failure.r) AS _reasons, _original
    FROM (SELECT *, ${verdicts} AS _failed, ${wanted(columns, options)} AS _original
      FROM (SELECT *, CASE WHEN ${good} THEN true ELSE false END AS _good
        FROM (SELECT *, ${values.join(", ")} FROM (${castRelation(rules, columns, source)}))))`;
}

function wanted(columns: readonly SourceColumn[], { originals = "failed", traced, unknown }: LabelOptions): string {
  const fields = originalOf(columns, traced);
  const original = `coalesce(_malformed, ${unknown === undefined ? fields : withUnknown(fields)})`;
  if (originals === "all") return original;
  return originals === "none" ? "NULL::VARCHAR" : `CASE WHEN _good THEN NULL ELSE ${original} END`;
}

/** The source with the lenient value of each column as `_c0`, ... */
export function castRelation(rules: Rules, columns: readonly SourceColumn[], source: string): string {
  const { contract, verdict } = rules;
  const casts = contract.columns.map((column, at) => {
    const value = columns[at]?.typed === true ? `_s${at}` : lenientCast(column.type, preparedText(rules, at));
    return `${value} AS _c${at}`;
  });
  const cleansing = (verdict.cleansing ?? []).map(({ column, sql }) => {
    const at = contract.columns.findIndex(({ name }) => name === column);
    return `, ${sql.replaceAll('"source_text"', `_s${at}`)} AS _p${at}`;
  });
  const prepared = cleansing.length === 0 ? source : `SELECT *${cleansing.join("")} FROM (${source})`;
  return `SELECT *, ${casts.join(", ")} FROM (${prepared})`;
}

/** The text that is converted: cleansed, or as it came. */
function preparedText({ contract, verdict }: Rules, at: number): string {
  const name = contract.columns[at]?.name;
  return verdict.cleansing?.some(({ column }) => column === name) === true ? `_p${at}` : `_s${at}`;
}

/** SQL of the record as JSON text of its source fields, with where it stands in a converted original. */
export function originalOf(columns: readonly SourceColumn[], traced?: Traced): string {
  const own = columns.filter((column) => !column.rest);
  const fields = own.map((column) => `${ident(column.field)} := _s${column.at}`).join(", ");
  return `CAST(to_json(struct_pack(${fields}${originField(traced, own)})) AS VARCHAR)`;
}

/** SQL that is TRUE for exactly the rows without a code; over `_s0`, `_c0`, ... and the columns by name, whose values may be inexact. */
export function goodRow(rules: Rules, columns: readonly SourceColumn[], traced?: Traced): string {
  const types = rules.contract.columns.flatMap((column, at) => {
    const text = preparedText(rules, at);
    const exact = columns[at]?.typed === true ? undefined : exactnessOf(column, text, `_c${at}`);
    if (column.required) return [exact ?? `_c${at} IS NOT NULL`];
    return exact === undefined ? [] : [`(${text} IS NULL OR ${exact})`];
  });
  return [...types, ...sound(rules.contract, traced), ...keptChecks(rules)].join(" AND ") || "true";
}

/** A formula that failed is the text of an error, which a column of text would take for a value. */
function sound(contract: ContractDefinition, traced: Traced): string[] {
  if (traced === undefined) return [];
  return contract.columns.flatMap((column, at) =>
    column.type.kind === "string" ? [`NOT ${formulaFailed(`_s${at}`)}`] : [],
  );
}

/** NULL passes every check; where a value must be there, it has been looked for before. */
function keptChecks(rules: Rules): string[] {
  return rules.verdict.rows.map((check) => {
    const sql = checkSql(check, rules.receivedSeq);
    return check.nullable === false ? `(${sql})` : `coalesce((${sql}), true)`;
  });
}

/** The check with the moment of receipt in its place. */
export function checkSql(check: Pick<RowCheck, "sql">, receivedSeq: bigint): string {
  return check.sql.replaceAll(
    /\breceived_at\s*\(\s*\)/gi,
    `(TIMESTAMP WITH TIME ZONE '1970-01-01 00:00:00+00' + to_microseconds(${receivedSeq}))`,
  );
}

/** A column that was found in the data takes only what is spelled as its type spells it: `no` and `007` must not become false and 7. */
function exactnessOf({ type, discovered }: ColumnDefinition, text: string, value: string): string | undefined {
  const exact = exactness(type, text, value);
  if (discovered !== true || exact === undefined) return exact;
  if (type.kind === "bool") return `(${text} = 'true' OR ${text} = 'false')`;
  if (type.kind === "int64") return `(CAST(${value} AS VARCHAR) = ${text})`;
  return type.kind === "float" ? `(${exact} AND NOT regexp_matches(${text}, '^(?:[+]|-?0[0-9])'))` : exact;
}

function exactValue(
  column: ColumnDefinition,
  source: SourceColumn | undefined,
  { at, text }: { readonly at: number; readonly text: string },
): string {
  const exact = source?.typed === true ? undefined : exactnessOf(column, text, `_c${at}`);
  return exact === undefined ? `_c${at}` : `CASE WHEN ${exact} THEN _c${at} END`;
}

/** A value where one is required, and none that lost its meaning on the way to its type. */
function presence(rules: Rules, columns: readonly SourceColumn[]): string[] {
  return rules.contract.columns.flatMap((column, at) => {
    const value = ident(column.name);
    if (column.required) return [`${value} IS NOT NULL`];
    return columns[at]?.typed === true || column.type.kind === "string"
      ? []
      : [`(${preparedText(rules, at)} IS NULL OR ${value} IS NOT NULL)`];
  });
}

function malformed(contract: ContractDefinition): Failure {
  return {
    code: malformedCode(contract),
    when: "_malformed IS NOT NULL",
    reason: literal("The record cannot be parsed."),
  };
}

function unknownFailure(contract: ContractDefinition): Failure {
  return {
    code: unknownFieldCode(contract),
    when: "_unknown IS NOT NULL",
    reason: `concat(${literal("the contract does not know ")}, left(list_aggregate(json_keys(_unknown), 'string_agg', ', '), 200))`,
  };
}

function typeFailures(rules: Rules, columns: readonly SourceColumn[], traced: Traced): Failure[] {
  const { contract } = rules;
  return contract.columns.flatMap((column, at) => {
    const text = preparedText(rules, at);
    const shown = column.pii ? literal("[pii]") : `coalesce(left(CAST(${text} AS VARCHAR), 100), 'null')`;
    const where = whereabouts(traced, columns[at]?.field);
    const failed = traced === undefined ? "false" : formulaFailed(`_s${at}`);
    const type: Failure = {
      code: columnCode(contract, column.name, "type"),
      when: `${text} IS NOT NULL AND ${ident(column.name)} IS NULL AND NOT ${failed}`,
      reason: `concat(${literal(`${column.name}: `)}, ${shown}, ${literal(` is no ${column.type.kind}`)}, ${where})`,
    };
    const formula: Failure = {
      code: columnCode(contract, column.name, "formula"),
      when: failed,
      reason: `concat(${literal(`${column.name}: the cell's formula failed with `)}, _s${at}, ${where})`,
    };
    const types = columns[at]?.typed === true ? [] : [type, ...(traced === undefined ? [] : [formula])];
    if (!column.required) return types;
    const required: Failure = {
      code: columnCode(contract, column.name, "required"),
      when: `${text} IS NULL AND _malformed IS NULL`,
      reason: `concat(${literal(`${column.name}: a value is required`)}, ${where})`,
    };
    return [required, ...types];
  });
}

function ruleFailures({ contract, verdict, receivedSeq }: Rules, traced: Traced): Failure[] {
  const pii = new Set(contract.columns.filter((column) => column.pii).map((column) => column.name));
  return verdict.rows.map((check) => {
    const shown = check.columns.map((column) =>
      pii.has(column)
        ? literal(`${column} = [pii]`)
        : `concat(${literal(`${column} = `)}, coalesce(left(CAST(${ident(column)} AS VARCHAR), 100), 'null'))`,
    );
    const what = literal(`${check.code.slice(contract.name.length + 1)}: `);
    return {
      code: check.code,
      when: `NOT (${checkSql(check, receivedSeq)})`,
      reason: `concat(${what}, concat_ws(', ', ${shown.join(", ") || "''"}), ${whereabouts(traced)})`,
    };
  });
}
