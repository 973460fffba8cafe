// The addresses of webhook and uploads channels, and of the files that were uploaded, in the OpenAPI description.
import { channelName, type ChannelDefinition } from "@millrace/core";
import { errorResponses } from "./error-responses.ts";
import type { JsonSchema } from "@millrace/contracts/json-schema";

/** Paths of every channel that other systems or people send to, beside events. */
export function receivingPaths(channels: readonly ChannelDefinition[]): Readonly<Record<string, JsonSchema>> {
  const hooks = channels.filter((channel) => channel.connector === "webhook");
  const uploads = channels.filter((channel) => channel.connector === "uploads");
  return Object.assign({}, ...hooks.map(hookPath), ...uploads.map(uploadPaths)) as Readonly<Record<string, JsonSchema>>;
}

const uploadErrors = errorResponses([
  "request-invalid",
  "unauthorized",
  "forbidden",
  "channel-not-found",
  "upload-timeout",
  "upload-too-large",
  "upload-too-many-parts",
  "upload-type-refused",
  "upload-checksum",
  "upload-empty",
  "upload-rejected",
  "overloaded",
]);

function uploadPaths(channel: ChannelDefinition): Readonly<Record<string, JsonSchema>> {
  const name = channelName(channel);
  const { as } = channel.config as { readonly as: "blobs" | "rows" };
  const [output] = channel.outputs;
  const id = `upload_${name.replace(".", "_")}`;
  const answered = (description: string): JsonSchema => ({
    description,
    content: { "application/json": { schema: filesSchema } },
  });
  const responses = {
    "200": answered("The same was taken before; nothing was written."),
    "201": answered("Every file is durable, or refused with its reason."),
    ...uploadErrors,
  };
  const form = { type: "object", properties: { file: { type: "string", format: "binary" } } };
  const bytes = { "*/*": { schema: { type: "string", format: "binary" } } };
  const upload = (summary: string, operationId: string, content: JsonSchema): JsonSchema => ({
    operationId,
    tags: [channel.domain],
    summary,
    requestBody: { required: true, content },
    responses,
  });
  return {
    [`/upload/${name}`]: { post: upload(`Files into ${name}`, id, { "multipart/form-data": { schema: form } }) },
    [`/upload/${name}/{name}`]: {
      parameters: [pathText("name")],
      put: upload(`One file into ${name}; its fields stand in the query`, `${id}_file`, bytes),
    },
    ...(output === undefined || as === "rows" ? {} : blobPath(output.domain, output.contract.name)),
  };
}

function blobPath(domain: string, table: string): Readonly<Record<string, JsonSchema>> {
  const content = { "*/*": { schema: { type: "string", format: "binary" } } };
  return {
    [`/blob/${domain}/${table}/{id}`]: {
      parameters: [pathText("id")],
      get: {
        operationId: `blob_${domain}_${table}`,
        tags: [domain],
        summary: `A file of ${domain}.${table}`,
        parameters: [{ name: "Range", in: "header", schema: { type: "string" }, description: "bytes=0-499" }],
        responses: {
          "200": { description: "The file.", content },
          "206": { description: "A range of it.", content },
          "304": { description: "The client has it." },
          ...errorResponses(["unauthorized", "forbidden", "not-found", "object-missing", "range-not-satisfiable"]),
        },
      },
    },
  };
}

function pathText(name: string): JsonSchema {
  return { name, in: "path", required: true, schema: { type: "string" } };
}

const filesSchema: JsonSchema = {
  type: "object",
  properties: {
    files: {
      type: "array",
      items: {
        type: "object",
        required: ["name", "state"],
        properties: {
          name: { type: "string" },
          state: { type: "string", enum: ["accepted", "repeated", "refused"] },
          blob: {
            type: "object",
            description: "Of a stored file.",
            properties: {
              id: { type: "string" },
              type: { type: "string" },
              bytes: { type: "integer" },
              sha256: { type: "string" },
            },
          },
          batches: { type: "array", description: "Of a file whose records were loaded.", items: { type: "object" } },
          error: { $ref: "#/components/schemas/Error" },
        },
      },
    },
  },
};

function hookPath(channel: ChannelDefinition): Readonly<Record<string, JsonSchema>> {
  const name = channelName(channel);
  const { from, format } = channel.config as { readonly from: { readonly kind: string }; readonly format: string };
  return {
    [`/hooks/${name}`]: {
      post: {
        operationId: `hook_${name.replace(".", "_")}`,
        tags: [channel.domain],
        summary: `Webhooks into ${name}`,
        description: `No token: requests are verified (${from.kind}).`,
        security: [],
        requestBody: {
          required: true,
          content: { [format === "cloudevents" ? "application/cloudevents+json" : "application/json"]: {} },
        },
        responses: {
          "200": {
            description: "The events are durable, now or since an earlier request.",
            content: { "application/json": { schema: receivedSchema } },
          },
          ...errorResponses([
            "request-invalid",
            "hook-signature-missing",
            "hook-signature-invalid",
            "hook-timestamp-invalid",
            "not-found",
            "request-too-large",
            "media-type-unsupported",
            "overloaded",
            "hook-unavailable",
          ]),
        },
      },
    },
  };
}

const receivedSchema: JsonSchema = {
  type: "object",
  properties: { received: { type: "integer" }, repeated: { type: "boolean" } },
};
