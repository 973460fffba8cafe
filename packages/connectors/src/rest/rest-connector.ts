// The connector behind `rest()`: validates a channel that came as data, and opens its reader.
import type { ChannelDefinition, ChannelReader, Connector, ConnectorContext } from "@millrace/core";
import { OptionProblem, validateDefinition } from "../authoring/declare-channel.ts";
import { describeFields } from "../authoring/option-fields.ts";
import { checkPartitions, checkStream, restConfigFields, restFields } from "./rest-fields.ts";
import type { RestConfig } from "./rest-config.ts";
import { RestReader } from "./rest-reader.ts";
import { readingsOf } from "./stream-plan.ts";
import { baseAddress } from "./stream-address.ts";

const example = `export const flash = rest({
  baseUrl: env("SHOP_API"),
  auth: bearer(secret("SHOP_TOKEN")),
  streams: {
    flash: { path: "/flash-sales", records: "$.data", page: cursor("$.next"), since: "updated_at", into: Promotion },
  },
  rateLimit: { requests: 10, perSeconds: 1 },
  every: "30s",
});`;

function validate(channel: ChannelDefinition): void {
  validateDefinition(channel, restConfigFields, () => {
    const config = channel.config as RestConfig;
    checkPartitions(config.streams);
    for (const output of channel.outputs) {
      if (config.streams[output.stream] === undefined)
        throw new OptionProblem(`stream "${output.stream}" has no settings in "streams"`);
      checkStream(output.stream, config.streams, output);
    }
  });
}

export const restConnector: Connector = {
  name: "rest",
  summary: "Reads streams of an API over HTTP, page by page, each stream into its table.",
  fields: describeFields(restFields),
  example,
  validate,
  readings: ({ config }) => readingsOf(config as RestConfig),
  // Asynchronous, so that whatever is wrong rejects.
  async open(context: ConnectorContext): Promise<ChannelReader> {
    validate(context.channel);
    const config = context.channel.config as RestConfig;
    // A wrong address is reported when the channel opens, not at its first read.
    baseAddress(config.baseUrl, context.secrets);
    return new RestReader(context, config);
  },
};
