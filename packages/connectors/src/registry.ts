// The connectors that the runtime opens channels with, and the description of all ways in. `events` is declared only: the runtime's batcher
// serves it from the event log.
import type { Connector } from "@millrace/core";
import { describeFields } from "./authoring/option-fields.ts";
import { eventsFields } from "./events/events.ts";
import { filesConnector } from "./files/files-connector.ts";
import { restConnector } from "./rest/rest-connector.ts";

export const connectors: readonly Connector[] = [filesConnector, restConnector];

/** What documentation says about a way in. */
export type ConnectorDescription = Pick<Connector, "name" | "summary" | "fields" | "example">;

/** Every way in, by name. */
export function describeConnectors(): readonly ConnectorDescription[] {
  const events: ConnectorDescription = {
    name: "events",
    summary:
      "Receives events over HTTP: POST /ingest/<domain>.<channel> with one JSON object, a JSON array or NDJSON; durable before the answer.",
    fields: describeFields(eventsFields),
    example: "export const orderEvents = events({ into: OrderLine });",
  };
  const described = connectors.map(({ name, summary, fields, example }) => ({ name, summary, fields, example }));
  return [...described, events].sort((a, b) => (a.name < b.name ? -1 : 1));
}
