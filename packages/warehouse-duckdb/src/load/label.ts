// One scan, one verdict: the relation of typed columns with the failed codes and reasons of each row and, for rows that failed, the original.
import type { ContractDefinition, LoadVerdict } from "@millrace/core";
import { columnCode, malformedCode } from "@millrace/core";
import { ident, literal } from "../engine/identifiers.ts";
import { conversion } from "./conversions.ts";
import type { SourceColumn } from "./source-reader.ts";

interface Failure {
  readonly code: string;
  /** SQL that is TRUE when the row fails. */
  readonly when: string;
  /** SQL of a text for people. */
  readonly reason: string;
}

/** SQL of `_seq`: the version column, else the receipt of the batch. */
export function seqExpression(contract: ContractDefinition, receivedSeq: bigint): string {
  const version = contract.columns.find((column) => column.version);
  if (version === undefined) return `CAST(${receivedSeq} AS BIGINT)`;
  const column = ident(version.name);
  const value = version.type.kind === "timestamp" ? `epoch_us(${column})` : `CAST(${column} AS BIGINT)`;
  return `coalesce(${value}, CAST(${receivedSeq} AS BIGINT))`;
}

/** @param source relation with `_s0`..., `_file`, `_malformed` */
export function labelledRelation(
  contract: ContractDefinition,
  verdict: LoadVerdict,
  columns: readonly SourceColumn[],
  source: string,
): string {
  const typed = contract.columns.map((column, at) => {
    const value = columns[at]?.typed === true ? `_s${at}` : conversion(column.type, `_s${at}`);
    return `${value} AS ${ident(column.name)}`;
  });
  const failures = [malformed(contract), ...typeFailures(contract, columns), ...ruleFailures(contract, verdict)];
  const any = failures.map((failure) => `(${failure.when})`).join(" OR ");
  const list = (pick: (failure: Failure) => string): string =>
    `list_filter([${failures.map((failure) => `CASE WHEN ${failure.when} THEN ${pick(failure)} END`).join(", ")}], lambda x: x IS NOT NULL)`;
  const names = contract.columns.map((column) => ident(column.name)).join(", ");
  const original = `coalesce(_malformed, CAST(to_json(struct_pack(${columns.map((column, at) => `${ident(column.field)} := _s${at}`).join(", ")})) AS VARCHAR))`;
  return `SELECT ${names}, _file, CASE WHEN _bad THEN ${list((failure) => literal(failure.code))} END AS _codes,
    CASE WHEN _bad THEN ${list((failure) => failure.reason)} END AS _reasons, ${original} AS _original
    FROM (SELECT *, coalesce(${any}, false) AS _bad FROM (SELECT *, ${typed.join(", ")} FROM (${source})))`;
}

function malformed(contract: ContractDefinition): Failure {
  return {
    code: malformedCode(contract),
    when: "_malformed IS NOT NULL",
    reason: literal("The record cannot be parsed."),
  };
}

function typeFailures(contract: ContractDefinition, columns: readonly SourceColumn[]): Failure[] {
  return contract.columns.flatMap((column, at) => {
    const shown = column.pii ? literal("[pii]") : `coalesce(left(CAST(_s${at} AS VARCHAR), 100), 'null')`;
    const type: Failure = {
      code: columnCode(contract, column.name, "type"),
      when: `_s${at} IS NOT NULL AND ${ident(column.name)} IS NULL`,
      reason: `concat(${literal(`${column.name}: `)}, ${shown}, ${literal(` is no ${column.type.kind}`)})`,
    };
    const types = columns[at]?.typed === true ? [] : [type];
    if (!column.required) return types;
    const required: Failure = {
      code: columnCode(contract, column.name, "required"),
      when: `_s${at} IS NULL AND _malformed IS NULL`,
      reason: literal(`${column.name}: a value is required`),
    };
    return [required, ...types];
  });
}

function ruleFailures(contract: ContractDefinition, verdict: LoadVerdict): Failure[] {
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
      when: `(${check.sql}) IS FALSE`,
      reason: `concat(${what}, concat_ws(', ', ${shown.join(", ") || "''"}))`,
    };
  });
}
