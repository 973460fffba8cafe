// The place that a channel's config names.
import type { ConnectorContext } from "@millrace/core";
import type { FilesConfig } from "../files-config.ts";
import { LocalPlace } from "./local-place.ts";
import type { Place } from "./place.ts";

/** Opens no connection before the first look. */
export function openPlace(context: ConnectorContext, config: FilesConfig): Place {
  return new LocalPlace(context, config);
}
