// The connector behind `airbyte()`: validates a channel that came as data, and opens its reader.
import type { ChannelDefinition, ChannelReader, Connector, ConnectorContext } from "@millrace/core";
import { validateDefinition } from "../../authoring/declare-channel.ts";
import { describeFields } from "../../authoring/option-fields.ts";
import { loadManifest } from "../load/load-manifest.ts";
import type { AirbyteConfig } from "./airbyte-config.ts";
import { airbyteConfigFields, airbyteFields } from "./airbyte-fields.ts";
import { AirbyteReader } from "./airbyte-reader.ts";
import { manifestText } from "./airbyte.ts";

const example = `export const crm = airbyte("./connectors/source-crm.yaml", {
  config: { api_key: secret("CRM_KEY"), start_date: "2024-01-01T00:00:00Z" },
  streams: ["contacts", "deals"],
  every: "15m",
});`;

function validate(channel: ChannelDefinition): void {
  validateDefinition(channel, airbyteConfigFields, () => undefined);
  const { manifest } = channel.config as AirbyteConfig;
  // An unknown component or a wrong field is told before anything runs.
  loadManifest(manifestText(manifest), manifest);
}

export const airbyteConnector: Connector = {
  name: "airbyte",
  summary: "Runs an Airbyte declarative manifest in process, each stream into its table.",
  fields: describeFields(airbyteFields),
  example,
  validate,
  // Asynchronous, so that whatever is wrong rejects.
  async open(context: ConnectorContext): Promise<ChannelReader> {
    validate(context.channel);
    return new AirbyteReader(context, context.channel.config as AirbyteConfig);
  },
};
