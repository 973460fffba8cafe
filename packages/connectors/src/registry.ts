// The connectors that the runtime opens channels with, and the description of all ways in. Channels that receive are
// declared only: the runtime serves them from the event log.
import type { Connector } from "@millrace/core";
import {
  authenticationFunctions,
  paginationFunctions,
  readinessFunctions,
  referenceFunctions,
  signatureFunctions,
  streamFunctions,
  type FunctionDescription,
} from "./authoring/described-functions.ts";
import { describeFields } from "./authoring/option-fields.ts";
import { eventsFields } from "./events/events.ts";
import { airbyteConnector } from "./manifest/channel/airbyte-connector.ts";
import { filesConnector } from "./files/files-connector.ts";
import { restConnector } from "./rest/rest-connector.ts";
import { webhookFields } from "./webhook/webhook.ts";

export const connectors: readonly Connector[] = [airbyteConnector, filesConnector, restConnector];

const webhookExample = `export const payments = webhook({
  into: StripeEvent,
  from: signature.stripe(secret("STRIPE_WEBHOOK_SECRET")),
});`;

/** What documentation says about a way in. */
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
  const functions = new Map([
    ["airbyte", [...referenceFunctions]],
    ["files", [...readinessFunctions, ...referenceFunctions]],
    ["rest", [...authenticationFunctions, ...paginationFunctions, ...streamFunctions, ...referenceFunctions]],
  ]);
  const described = connectors.map(({ name, summary, fields, example }) => {
    return { name, summary, fields, example, functions: functions.get(name) ?? [] };
  });
  return [...described, events, webhook].sort((a, b) => (a.name < b.name ? -1 : 1));
}
