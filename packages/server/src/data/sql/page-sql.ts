// One request as one parameterised statement: the page, the values of its order for the next cursor, and the total when it is asked for.
import type { SqlValue } from "@millrace/core";
import type { ServedTable } from "../../catalogue/served-table.ts";
import type { DataQuery } from "../grammar/syntax.ts";
import { filtersSql } from "./filter-sql.ts";
import { afterSql, orderSql, printCursor, sortOrder, type SortOrder } from "./keyset.ts";
import { outputColumns, type OutputColumn } from "./output-column.ts";
import { columnReference, fromSql, identifier, Parameters, type Statement } from "./statement.ts";

export interface PageOptions {
  /** Rows of the page. The statement asks for one more, to know whether there is a next page. */
  readonly limit: number;
  readonly offset: number;
  readonly count: boolean;
}

export interface PagePlan {
  readonly columns: readonly OutputColumn[];
  readonly page: Statement;
  /** The total alone, for pages that turn out empty. */
  readonly total: Statement;
  /** Total of an answered row, when it was asked for. */
  totalOf(row: readonly SqlValue[]): SqlValue | undefined;
  /** Cursor behind an answered row; undefined where rows cannot be told apart. */
  cursorAfter(row: readonly SqlValue[]): string | undefined;
}

/** @throws MillraceError request-invalid */
export function planPage(query: DataQuery, table: ServedTable, options: PageOptions): PagePlan {
  const columns = outputColumns(query.select, table);
  const order = sortOrder(query.order, table);
  const sortAt = sortPositions(columns, order);
  const added = addedColumns(columns, order, sortAt);
  const totalAt = columns.length + added.length;

  const parameters = new Parameters();
  const filters = filtersSql(query.filters, table, parameters);
  const from = fromSql(table);
  const total = `SELECT count(*) FROM ${from}${where([filters])}`;
  const totalParams = [...parameters.values];
  const after = query.after === undefined ? undefined : afterSql(query.after, order, parameters);

  const selected = [
    ...columns.map((column, at) => `${column.sql} AS ${identifier(`c${at}`)}`),
    ...added,
    ...(options.count ? [`(${total}) AS "total"`] : []),
  ];
  const ordered = order.columns.length === 0 ? "" : ` ORDER BY ${orderSql(order)}`;
  const cut = ` LIMIT ${options.limit + 1}${options.offset === 0 ? "" : ` OFFSET ${options.offset}`}`;
  return {
    columns,
    page: {
      sql: `SELECT ${selected.join(", ")} FROM ${from}${where([filters, after])}${ordered}${cut}`,
      params: parameters.values,
    },
    total: { sql: total, params: totalParams },
    totalOf: (row) => row[totalAt],
    cursorAfter: (row) =>
      order.total
        ? printCursor(
            order,
            sortAt.map((at) => row[at] ?? null),
          )
        : undefined,
  };
}

/** The statement of a whole result that is streamed: no cursor, no total, no extra row. */
export function planStream(
  query: DataQuery,
  table: ServedTable,
  range: { readonly limit: number; readonly offset: number },
): { readonly columns: readonly OutputColumn[]; readonly statement: Statement } {
  const columns = outputColumns(query.select, table);
  const order = sortOrder(query.order, table);
  const parameters = new Parameters();
  const filters = filtersSql(query.filters, table, parameters);
  const after = query.after === undefined ? undefined : afterSql(query.after, order, parameters);
  const selected = columns.map((column, at) => `${column.sql} AS ${identifier(`c${at}`)}`);
  const ordered = query.order.length === 0 && query.after === undefined ? "" : ` ORDER BY ${orderSql(order)}`;
  const cut = ` LIMIT ${range.limit}${range.offset === 0 ? "" : ` OFFSET ${range.offset}`}`;
  return {
    columns,
    statement: {
      sql: `SELECT ${selected.join(", ")} FROM ${fromSql(table)}${where([filters, after])}${ordered}${cut}`,
      params: parameters.values,
    },
  };
}

function where(predicates: readonly (string | undefined)[]): string {
  const given = predicates.filter((predicate) => predicate !== undefined);
  return given.length === 0 ? "" : ` WHERE ${given.join(" AND ")}`;
}

/** Where each column of the order stands in the answer: among the selected ones if it is there as it is, else behind them. */
function sortPositions(columns: readonly OutputColumn[], order: SortOrder): readonly number[] {
  let next = columns.length;
  return order.columns.map(({ column }) => {
    const selected = columns.findIndex((output) => output.sql === columnReference(column));
    return selected >= 0 ? selected : next++;
  });
}

function addedColumns(
  columns: readonly OutputColumn[],
  order: SortOrder,
  sortAt: readonly number[],
): readonly string[] {
  return order.columns
    .filter((_, at) => (sortAt[at] ?? 0) >= columns.length)
    .map(({ column }, at) => `${columnReference(column)} AS ${identifier(`s${at}`)}`);
}
