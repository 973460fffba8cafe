// `/openapi.json`: the description of everything that is served, written from the catalogue and the project. Kept until either changes.
import type { FastifyInstance } from "fastify";
import { recordSchema, type JsonSchema } from "@millrace/contracts/json-schema";
import { channelName, type ChannelDefinition, type ProjectDefinition } from "@millrace/core";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { ServedTable } from "../catalogue/served-table.ts";
import { jsonContentType } from "../http/security-headers.ts";
import { ingestMediaTypes } from "../ingest/ingest-route.ts";
import { rowSchema, sharedParameters, tablePaths } from "./data-paths.ts";
import { errorResponses, errorSchema } from "./error-responses.ts";
import { receivingPaths } from "./receiving-paths.ts";

export interface OpenApiParts {
  readonly catalogue: Catalogue;
  readonly project: () => ProjectDefinition;
  readonly version: string;
}

export function addOpenApiRoute(app: FastifyInstance, parts: OpenApiParts): void {
  let written: { readonly generation: number; readonly text: string } | undefined;
  app.get("/openapi.json", { config: { access: "schema.read" } }, async (_request, reply) => {
    const tables = await parts.catalogue.tables();
    const { generation } = parts.catalogue;
    if (written?.generation !== generation)
      written = { generation, text: JSON.stringify(describeApi(tables, parts.project(), parts.version)) };
    return reply.header("content-type", jsonContentType).send(written.text);
  });
}

/** The whole document, OpenAPI 3.1. */
export function describeApi(tables: readonly ServedTable[], project: ProjectDefinition, version: string): JsonSchema {
  const all = project.domains.flatMap((domain) => domain.channels);
  const channels = all.filter((one) => one.connector === "events");
  return {
    openapi: "3.1.0",
    info: { title: project.config.name, version, description: `Data of ${project.config.name}, served by Millrace.` },
    security: [{ token: [] }],
    paths: {
      ...servicePaths,
      ...Object.assign({}, ...channels.map(ingestPath)),
      ...receivingPaths(all),
      ...Object.assign({}, ...tables.map(tablePaths)),
    },
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      parameters: sharedParameters,
      schemas: {
        Error: errorSchema,
        Receipt: receiptSchema,
        ...Object.fromEntries(channels.map((channel) => [`${channelName(channel)}.event`, eventSchema(channel)])),
        ...Object.fromEntries(tables.map((table) => [table.fullName, rowSchema(table)])),
      },
    },
  };
}

function eventSchema(channel: ChannelDefinition): JsonSchema {
  const contract = channel.outputs[0]?.contract;
  return contract === undefined ? {} : recordSchema(contract);
}

function ingestPath(channel: ChannelDefinition): Readonly<Record<string, JsonSchema>> {
  const name = channelName(channel);
  const event = { $ref: `#/components/schemas/${name}.event` };
  const schemas: Readonly<Record<string, JsonSchema>> = {
    "application/json": { oneOf: [event, { type: "array", items: event }] },
  };
  const content = Object.fromEntries(
    ingestMediaTypes.map((type) => [type, { schema: schemas[type] ?? { type: "string" } }]),
  );
  return {
    [`/ingest/${name}`]: {
      post: {
        operationId: `ingest_${name.replace(".", "_")}`,
        tags: [channel.domain],
        summary: `Events into ${name}`,
        parameters: [{ name: "Idempotency-Key", in: "header", schema: { type: "string", maxLength: 255 } }],
        requestBody: { required: true, content },
        responses: {
          "202": {
            description: "The events are durable.",
            content: { "application/json": { schema: { $ref: "#/components/schemas/Receipt" } } },
          },
          ...errorResponses([
            "request-invalid",
            "unauthorized",
            "forbidden",
            "channel-not-found",
            "idempotency-conflict",
            "request-too-large",
            "media-type-unsupported",
            "events-rejected",
            "overloaded",
          ]),
        },
      },
    },
  };
}

const receiptSchema: JsonSchema = {
  type: "object",
  required: ["received", "accepted", "rejected", "offset", "repeated"],
  properties: {
    received: { type: "integer" },
    accepted: { type: "integer" },
    rejected: {
      type: "array",
      description: "Events that the contract refuses; they are stored and will stand in quarantine.",
      items: {
        type: "object",
        properties: { index: { type: "integer" }, codes: { type: "array", items: { type: "string" } } },
      },
    },
    offset: { type: "integer", format: "int64", description: "Place of the first event in the channel." },
    repeated: { type: "boolean", description: "The idempotency key was known: nothing was written now." },
  },
};

const answered = (description: string, type: string): JsonSchema => ({ description, content: { [type]: {} } });

const servicePaths: Readonly<Record<string, JsonSchema>> = {
  "/healthz": {
    get: {
      operationId: "health",
      security: [],
      responses: { "200": answered("The process lives.", "application/json") },
    },
  },
  "/readyz": {
    get: {
      operationId: "readiness",
      security: [],
      responses: {
        "200": answered("Every component works.", "application/json"),
        "503": answered("Some component does not.", "application/json"),
      },
    },
  },
  "/quality": {
    get: {
      operationId: "quality",
      summary: "Pass rates, failing rules and quarantine counts of every table",
      responses: {
        "200": answered("One entry per table.", "application/json"),
        ...errorResponses(["unauthorized", "forbidden"]),
      },
    },
  },
  "/quality/{domain}/{table}": {
    get: {
      operationId: "quality_of_table",
      summary: "Rules, trend, failing samples and figures of one table",
      parameters: ["domain", "table"].map((name) => ({
        name,
        in: "path",
        required: true,
        schema: { type: "string" },
      })),
      responses: {
        "200": answered("Personal data is hidden.", "application/json"),
        ...errorResponses(["unauthorized", "forbidden", "not-found"]),
      },
    },
  },
  "/metrics": {
    get: {
      operationId: "metrics",
      responses: {
        "200": answered("Prometheus' text format.", "text/plain"),
        ...errorResponses(["unauthorized", "forbidden"]),
      },
    },
  },
};
