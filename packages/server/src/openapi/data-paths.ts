// The tables as paths of the OpenAPI description.
import { describeType } from "@millrace/core";
import type { ServedTable } from "../catalogue/served-table.ts";
import { pageLimits } from "../data/answer/range.ts";
import { isReservedKey } from "../data/grammar/parse-query.ts";
import { valueOperators } from "../data/grammar/syntax.ts";
import { answerSchema, type JsonSchema } from "@millrace/contracts/json-schema";
import { errorResponses } from "./error-responses.ts";

/** Schema of a row; the name is `domain.table`. */
export function rowSchema(table: ServedTable): JsonSchema {
  const columns = table.columns.filter((column) => !column.origin);
  return {
    type: "object",
    title: table.fullName,
    properties: Object.fromEntries(
      columns.map((column) => [
        column.name,
        {
          ...answerSchema(column.type, column.nullable),
          ...(column.description === undefined ? {} : { description: column.description }),
          ...(column.pii ? { "x-pii": true } : {}),
        },
      ]),
    ),
    required: columns.map((column) => column.name),
    ...(table.key.length === 0 ? {} : { "x-key": table.key.map((column) => column.name) }),
  };
}

export function tablePaths(table: ServedTable): Readonly<Record<string, JsonSchema>> {
  const path = `/data/${table.domain}/${table.name}`;
  const page = { get: pageOperation(table) };
  if (table.key.length === 0) return { [path]: page };
  return { [path]: page, [`${path}/{key}`]: { get: rowOperation(table) } };
}

function pageOperation(table: ServedTable): JsonSchema {
  const rows = { type: "array", items: reference(table) };
  return {
    operationId: `list_${table.domain}_${table.name}`,
    tags: [table.domain],
    summary: `Rows of ${table.fullName}`,
    parameters: [...pageParameters.map(refParameter), ...table.columns.filter(isFilterable).map(filterParameter)],
    responses: {
      "200": {
        description: "A page of rows. Link leads to the next one.",
        headers: pageHeaders,
        content: {
          "application/json": { schema: rows },
          "application/x-ndjson": { schema: { type: "string", description: "One JSON object per line." } },
          "text/csv": { schema: { type: "string" } },
        },
      },
      "206": {
        description: "The same, when the total is asked for and there are more rows.",
        headers: pageHeaders,
        content: { "application/json": { schema: rows } },
      },
      "304": { description: "Nothing has changed since the ETag was given." },
      ...errorResponses([
        "request-invalid",
        "unauthorized",
        "forbidden",
        "not-found",
        "not-acceptable",
        "range-not-satisfiable",
        "overloaded",
      ]),
    },
  };
}

function rowOperation(table: ServedTable): JsonSchema {
  const names = table.key.map((column) => column.name).join(",");
  return {
    operationId: `get_${table.domain}_${table.name}`,
    tags: [table.domain],
    summary: `One row of ${table.fullName}`,
    parameters: [
      {
        name: "key",
        in: "path",
        required: true,
        schema: { type: "string" },
        description: `${names}. A comma inside a value is written %2C.`,
      },
      refParameter("select"),
    ],
    responses: {
      "200": { description: "The row.", content: { "application/json": { schema: reference(table) } } },
      "304": { description: "Nothing has changed since the ETag was given." },
      ...errorResponses(["request-invalid", "unauthorized", "forbidden", "not-found", "not-acceptable"]),
    },
  };
}

function reference(table: ServedTable): JsonSchema {
  return { $ref: `#/components/schemas/${table.fullName}` };
}

function isFilterable(column: ServedTable["columns"][number]): boolean {
  return !isReservedKey(column.name);
}

function filterParameter(column: ServedTable["columns"][number]): JsonSchema {
  return {
    name: column.name,
    in: "query",
    required: false,
    schema: { type: "string" },
    description: `Filter on ${column.name} (${describeType(column.type)}), such as eq.<value>.`,
  };
}

const pageHeaders: JsonSchema = {
  ETag: { schema: { type: "string" }, description: "Exact to the table's version; absent for views." },
  Link: { schema: { type: "string" }, description: 'The next page: <...>; rel="next".' },
  "Content-Range": {
    schema: { type: "string" },
    description: "First and last row of the page, and the total if asked for.",
  },
};

const pageParameters = ["select", "order", "limit", "offset", "after", "and", "or", "prefer"] as const;

function refParameter(name: (typeof pageParameters)[number]): JsonSchema {
  return { $ref: `#/components/parameters/${name}` };
}

const text = { type: "string" } as const;

/** Parameters that all tables share. */
export const sharedParameters: Readonly<Record<(typeof pageParameters)[number], JsonSchema>> = {
  select: {
    name: "select",
    in: "query",
    schema: text,
    description: "Columns: a,alias:b,c::text. `*` is every declared column.",
  },
  order: { name: "order", in: "query", schema: text, description: "a.desc.nullslast,b" },
  limit: {
    name: "limit",
    in: "query",
    schema: { type: "integer", minimum: 0, maximum: pageLimits.streamRowsMax, default: pageLimits.rowsDefault },
    description: `More than ${pageLimits.pageRowsMax} rows are streamed, without Link and total.`,
  },
  offset: { name: "offset", in: "query", schema: { type: "integer", minimum: 0, maximum: pageLimits.offsetMax } },
  after: { name: "after", in: "query", schema: text, description: "Cursor of the page before, from its Link header." },
  and: { name: "and", in: "query", schema: text, description: "(a.gte.1,or(b.is.null,c.like.x*))" },
  or: {
    name: "or",
    in: "query",
    schema: text,
    description: `(a.eq.1,not.b.in.(2,3)). Operators: ${valueOperators.join(", ")}, in, is.`,
  },
  prefer: { name: "Prefer", in: "header", schema: text, description: "count=exact" },
};
