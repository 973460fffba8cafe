// What the connector commands work with: the project's address rules and secrets, without opening its stores.
import { join } from "node:path";
import { systemClock, systemRandom, type Logger, type Metrics } from "@millrace/core";
import { createHttpClient, type PreviewTools } from "@millrace/connectors";
import { createSecrets } from "@millrace/store-local";

const noMetrics: Metrics = { count: () => undefined, gauge: () => undefined, seconds: () => undefined };

export interface ConnectorPlace {
  readonly folder: string;
  readonly dataFolder: string;
  readonly allowAddresses: readonly string[];
  readonly log: Logger;
}

/** Runs `work` with tools that are closed at its end. Tokens that an upstream rotates are kept in the project's data folder. */
export async function withConnectorTools<T>(
  place: ConnectorPlace,
  work: (tools: PreviewTools) => Promise<T>,
): Promise<T> {
  const http = createHttpClient({ clock: systemClock, allowAddresses: place.allowAddresses });
  const secrets = createSecrets({ env: process.env, folder: place.folder, keptFolder: join(place.dataFolder, "kept") });
  try {
    return await work({ http, clock: systemClock, random: systemRandom, secrets, log: place.log, metrics: noMetrics });
  } finally {
    await http.close();
  }
}
