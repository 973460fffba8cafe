// The addresses of webhook channels in the OpenAPI description.
import { channelName, type ChannelDefinition } from "@millrace/core";
import { errorResponses } from "./error-responses.ts";
import type { JsonSchema } from "@millrace/contracts/json-schema";

/** Paths of every channel that other systems or people send to, beside events. */
export function receivingPaths(channels: readonly ChannelDefinition[]): Readonly<Record<string, JsonSchema>> {
  const hooks = channels.filter((channel) => channel.connector === "webhook");
  return Object.assign({}, ...hooks.map(hookPath)) as Readonly<Record<string, JsonSchema>>;
}

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
