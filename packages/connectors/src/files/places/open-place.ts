// The place that a channel's config names.
import type { ConnectorContext } from "@millrace/core";
import type { FilesConfig } from "../files-config.ts";
import { HttpPlace } from "./http-place.ts";
import { LocalPlace } from "./local-place.ts";
import type { Place } from "./place.ts";
import { SftpPlace } from "./sftp-place.ts";

/** Opens no connection before the first look. */
export function openPlace(context: ConnectorContext, config: FilesConfig): Place {
  switch (config.from?.kind) {
    case undefined:
      return new LocalPlace(context, config);
    case "http":
      return new HttpPlace(context, config.from, config.pattern);
    case "sftp":
      return new SftpPlace(context, config.from, config);
  }
}
