// The connector behind `files()`: validates a channel that came as data, and opens its reader.
import type { ChannelDefinition, ChannelReader, Connector, ConnectorContext } from "@millrace/core";
import { OptionProblem, validateDefinition } from "../authoring/declare-channel.ts";
import { configFields, describeFields } from "../authoring/option-fields.ts";
import type { FilesConfig } from "./files-config.ts";
import { checkFilesConfig, filesFields } from "./files-fields.ts";
import { FilesReader } from "./files-reader.ts";

const example = `export const weekly = files("promotions/*.csv", {
  into: Promotion,
  ready: marker("_SUCCESS"),
});`;

const fields = configFields(filesFields);

function validate(channel: ChannelDefinition): void {
  validateDefinition(channel, fields, () => {
    const [output, second] = channel.outputs;
    if (output === undefined || second !== undefined) throw new OptionProblem("fills exactly one table");
    checkFilesConfig(channel.config as FilesConfig, {
      contract: output.contract,
      every: channel.every,
      write: output.write,
    });
  });
}

export const filesConnector: Connector = {
  name: "files",
  summary:
    "Loads files as they arrive: CSV, TSV, NDJSON, JSON, XML and fixed width (each also .gz or .zst), Parquet, XLSX, XLS and ODS.",
  fields: describeFields(filesFields),
  example,
  validate,
  // Asynchronous, so that whatever is wrong rejects.
  async open(context: ConnectorContext): Promise<ChannelReader> {
    validate(context.channel);
    return new FilesReader(context, context.channel.config as FilesConfig);
  },
};
