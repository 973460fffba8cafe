// Reads and labels a batch into its staging table, the fast way first; a record that cannot be parsed makes it start over, tolerant.
import type { DuckDBConnection } from "@duckdb/node-api";
import { MillraceError, restColumn, type LoadRequest } from "@millrace/core";
import { fromEngineError } from "../engine/engine-errors.ts";
import { ident } from "../engine/identifiers.ts";
import { execute, type Bounds } from "../engine/statement-runner.ts";
import { labelledRelation, seqExpression } from "./label.ts";
import { tracedBy } from "./origin.ts";
import { quarantineRelation } from "./quarantine-rows.ts";
import { forgetRejectedLines, stageRejectedLines } from "./rejected-lines.ts";
import { needsOriginals } from "./set-rules.ts";
import { sourceColumns, sourceRelation, type ReadManner, type SourceColumn } from "./source-reader.ts";
import { storedTypes } from "./stored-types.ts";
import type { UnknownFields } from "./unknown-fields.ts";

export interface StageTarget {
  /** Qualified name of the stage. */
  readonly stage: string;
  readonly bounds: Bounds;
  /** Fields that the contract does not know are there and wanted; `kept`: for a look at them, so that they do not fail. */
  readonly unknown?: UnknownFields | undefined;
  readonly kept?: boolean;
}

/** @throws MillraceError batch-unreadable when no way of reading works */
export async function stageRows(stager: DuckDBConnection, request: LoadRequest, target: StageTarget): Promise<void> {
  let columns: readonly SourceColumn[] = [];
  const create = (manner: ReadManner): Promise<unknown> =>
    execute(stager, stageStatement(request, { ...target, columns }, manner), [], target.bounds);
  try {
    columns = sourceColumns(request.contract, await typesOf(stager, request));
    await create("fast");
  } catch (error) {
    const first = fromEngineError(error);
    if (!unreadable(first)) throw first;
    if (!hasTolerantWay(request)) throw asUnreadable(first, request);
    const isCsv = request.source.kind === "objects" && request.source.format.kind === "csv";
    try {
      if (isCsv) await forgetRejectedLines(stager);
      await create("tolerant");
      if (isCsv) await stageRejectedLines(stager, request, { ...target, columns });
    } catch (again) {
      const failure = fromEngineError(again);
      throw unreadable(failure) ? asUnreadable(failure, request) : failure;
    }
  }
}

function typesOf(stager: DuckDBConnection, { source }: LoadRequest): ReturnType<typeof storedTypes> {
  return source.kind === "objects" ? storedTypes(stager, source.format, source.objects) : Promise.resolve(undefined);
}

function hasTolerantWay({ source }: LoadRequest): boolean {
  return source.kind === "objects" && source.format.kind !== "parquet";
}

/** Faults of the bytes, as against a missing table, cancellation or a full disk. */
export function unreadable(error: MillraceError): boolean {
  return error.code === "query-failed";
}

function asUnreadable(error: MillraceError, request: LoadRequest): MillraceError {
  const kind = request.source.kind === "objects" ? request.source.format.kind : "quarantine";
  const keys = request.source.kind === "objects" ? request.source.objects.map((object) => object.ref.key) : [];
  // The engine's first line says what is wrong; the excerpt of the data that follows it may be personal.
  const what = (error.message.split("\n")[0] ?? error.message).slice(0, 300);
  return new MillraceError("batch-unreadable", `Batch of ${request.channel} cannot be read as ${kind}: ${what}`, {
    details: { channel: request.channel, objects: keys.slice(0, 10) },
  });
}

function stageStatement(
  request: LoadRequest,
  target: StageTarget & { readonly columns: readonly SourceColumn[] },
  manner: ReadManner,
): string {
  const { stage, columns, unknown } = target;
  const { source } = request;
  const relation =
    source.kind === "objects"
      ? sourceRelation(columns, { ...source, ...(unknown === undefined ? {} : { unknown }) }, manner)
      : quarantineRelation(columns, source.rows, unknown);
  // A row that may still be held or rejected keeps its original too.
  const originals = request.verdict.references.length > 0 || needsOriginals(request.verdict) ? "all" : "failed";
  const carried = target.kept === true ? ["_unknown"] : [];
  const labelled = labelledRelation(request, columns, relation, {
    originals,
    carried,
    traced: tracedBy(source),
    unknown: treatment(request, target),
  });
  const received = source.kind === "objects" ? `CAST(${request.receivedSeq} AS BIGINT)` : "CAST(_file AS BIGINT)";
  const seq = seqExpression(request.contract, received);
  const file = source.kind === "quarantine" || source.objects.length > 1 ? "_file" : "NULL::VARCHAR AS _file";
  const names = [...request.contract.columns.map((column) => ident(column.name)), ...carried].join(", ");
  const created = source.kind === "quarantine" ? "TEMP TABLE" : "TABLE";
  return `CREATE OR REPLACE ${created} ${stage} AS SELECT ${names}, ${file}, ${seq} AS _seq, _codes, _reasons, _original FROM (${labelled})`;
}

/** Rows with unknown fields fail unless there is a side column or the table still has to grow. */
function treatment({ contract }: LoadRequest, { unknown, kept }: StageTarget): "keep" | "refuse" | undefined {
  if (unknown === undefined) return undefined;
  return kept === true || restColumn(contract) !== undefined ? "keep" : "refuse";
}
