// A files channel of promotions in a folder of its own, for tests.
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { contract, t, type Arrival } from "@millrace/core";
import type { FilesOptions } from "../files/files-config.ts";
import { filesConnector } from "../files/files-connector.ts";
import { files, quietPeriod } from "../files/files.ts";
import { openHarness, type ChannelHarness, type HarnessOptions } from "./channel-harness.ts";

export const Promotion = contract("promotions", {
  promo_id: t.string().key(),
  price: t.decimal(12, 2),
  note: t.string().optional(),
});

export const header = "promo_id,price,note\n";

export function fileChannel(
  options: Partial<FilesOptions> & { readonly pattern?: string } = {},
  harness: HarnessOptions = {},
): Promise<ChannelHarness> {
  const { pattern = "drops/*", ...rest } = options;
  const declaration = files(pattern, { into: Promotion, ready: quietPeriod("0s"), ...rest });
  return openHarness(filesConnector, declaration, harness);
}

const loadedMs = Date.now();

/** Writes a file below the channel's folder, `ageS` seconds older than this module's loading; 0 leaves it at its real time. */
export async function drop(
  harness: ChannelHarness,
  path: string,
  content: string | Uint8Array,
  ageS = 100,
): Promise<string> {
  const absolute = join(harness.folder, path);
  await mkdir(dirname(absolute), { recursive: true });
  await writeFile(absolute, content);
  const at = new Date(loadedMs - ageS * 1000);
  if (ageS !== 0) await utimes(absolute, at, at);
  return absolute;
}

export function paths(arrivals: readonly Arrival[]): string[][] {
  return arrivals.map((arrival) => (arrival.files ?? []).map((file) => file.path));
}
