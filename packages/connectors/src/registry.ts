// The connectors and destinations that the runtime opens, and the description of all ways in and out. Channels that receive
// are declared only: the runtime serves them from the event log.
import type { Connector, Destination } from "@millrace/core";
import {
  authenticationFunctions,
  paginationFunctions,
  placeFunctions,
  readinessFunctions,
  referenceFunctions,
  signatureFunctions,
  uploadFunctions,
  streamFunctions,
  type FunctionDescription,
} from "./authoring/described-functions.ts";
import { describeFields } from "./authoring/option-fields.ts";
import { deliveryFields } from "./deliver/delivery-fields.ts";
import { fileDestination } from "./deliver/file-destination.ts";
import { restDestination } from "./deliver/rest-destination.ts";
import { webhookDestination } from "./deliver/webhook-destination.ts";
import { eventsFields } from "./events/events.ts";
import { airbyteConnector } from "./manifest/channel/airbyte-connector.ts";
import { filesConnector } from "./files/files-connector.ts";
import { restConnector } from "./rest/rest-connector.ts";
import { uploadsFields } from "./uploads/uploads-fields.ts";
import { webhookFields } from "./webhook/webhook.ts";

export const connectors: readonly Connector[] = [airbyteConnector, filesConnector, restConnector];

const uploadsExample = `export const Receipt = contract("receipts", { ...blobColumns(), order_id: t.string() });

export const receipts = uploads({
  into: Receipt,
  types: ["application/pdf", "image/*"],
  fileBytesMax: 10_000_000,
});`;

const webhookExample = `export const payments = webhook({
  into: StripeEvent,
  from: signature.stripe(secret("STRIPE_WEBHOOK_SECRET")),
});`;

export const destinations: readonly Destination[] = [restDestination, webhookDestination, fileDestination];

/** What documentation says about a way in or out. */
export interface ConnectorDescription extends Pick<Connector, "name" | "summary" | "fields" | "example"> {
  /** Functions that make values of its options. */
  readonly functions: readonly FunctionDescription[];
}

/** Every way in, by name. */
export function describeConnectors(): readonly ConnectorDescription[] {
  const events: ConnectorDescription = {
    name: "events",
    summary:
      "Receives events over HTTP: POST /ingest/<domain>.<channel> with one JSON object, a JSON array or NDJSON; durable before the answer.",
    fields: describeFields(eventsFields),
    functions: [],
    example: "export const orderEvents = events({ into: OrderLine });",
  };
  const webhook: ConnectorDescription = {
    name: "webhook",
    summary:
      "Receives signed requests of other systems: POST /hooks/<domain>.<channel>, without a token; durable before the answer, a repeated event leaves one row.",
    fields: describeFields(webhookFields),
    functions: [...signatureFunctions, ...referenceFunctions],
    example: webhookExample,
  };
  const uploads: ConnectorDescription = {
    name: "uploads",
    summary:
      "Takes files over HTTP: POST /upload/<domain>.<channel> with a form, PUT /upload/<domain>.<channel>/<name> with the bytes; GET /blob/<domain>/<table>/<id> gives them back.",
    fields: describeFields(uploadsFields),
    functions: [...uploadFunctions],
    example: uploadsExample,
  };
  const functions = new Map([
    ["airbyte", [...referenceFunctions]],
    ["files", [...placeFunctions, ...readinessFunctions, ...referenceFunctions]],
    ["rest", [...authenticationFunctions, ...paginationFunctions, ...streamFunctions, ...referenceFunctions]],
  ]);
  const described = connectors.map(({ name, summary, fields, example }) => {
    return { name, summary, fields, example, functions: functions.get(name) ?? [] };
  });
  return [...described, events, uploads, webhook].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Every way out by the function that declares it, after `delivery()` itself. */
export function describeDeliveries(): readonly ConnectorDescription[] {
  const delivery: ConnectorDescription = {
    name: "delivery",
    summary: "Sends rows of a table or model to another system; what is due commits in the warehouse.",
    fields: describeFields(deliveryFields),
    functions: [
      { signature: "toRest({ ... })", summary: "requests to an API: [toRest()](to-rest.md)" },
      { signature: "toWebhook({ ... })", summary: "signed webhook requests: [toWebhook()](to-webhook.md)" },
      { signature: "toFile({ ... })", summary: "files of a folder: [toFile()](to-file.md)" },
    ],
    example: restDestination.example,
  };
  const functions = [...authenticationFunctions, ...referenceFunctions];
  const ways = destinations.map(({ name, summary, fields, example }): ConnectorDescription => ({
    name: `to${name.slice(0, 1).toUpperCase()}${name.slice(1)}`,
    summary,
    fields,
    example,
    functions: name === "file" ? referenceFunctions : functions,
  }));
  return [delivery, ...ways];
}
