// Channels as comparable text, to tell whether a changed project changed them.
import { stringifyExact, type ChannelDefinition } from "@millrace/core";

/** The definition without the places where it was written: two equal texts behave equally. */
export function channelText(channel: ChannelDefinition): string {
  const outputs = channel.outputs.map((output) => {
    const { location: _place, ...contract } = output.contract;
    return { ...output, contract };
  });
  const { location: _place, ...definition } = channel;
  return stringifyExact({ ...definition, outputs });
}
