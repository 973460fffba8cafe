// The connectors that the runtime opens channels with. `events` is declared only: the runtime's batcher serves it from the event log.
import type { Connector } from "@millrace/core";
import { restConnector } from "./rest/rest-connector.ts";

export const connectors: readonly Connector[] = [restConnector];
