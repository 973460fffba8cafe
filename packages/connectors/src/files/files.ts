// `files()`, `marker()`, `quietPeriod()`: declares a channel that loads files as they arrive. files-connector.ts reads it.
import type { ChannelDeclaration } from "@millrace/core";
import { declareChannel, demand, outputOf } from "../authoring/declare-channel.ts";
import { configFields } from "../authoring/option-fields.ts";
import type { AfterLoad, FilesConfig, FilesOptions, Readiness } from "./files-config.ts";
import { checkFilesConfig, filesFields } from "./files-fields.ts";
import type { HttpPlaceOptions, PlaceConfig, SftpPlaceOptions } from "./places/place-config.ts";

/**
 * Files are complete when a marker stands beside them: `marker("_SUCCESS")` for a folder, `marker("{name}.done")` for each file.
 * A file that is newer than its marker waits until the marker is written again.
 */
export function marker(name: string): Readiness {
  return { kind: "marker", name };
}

/** Files are complete when their size and modification time stood still for this long; `0s` for files that are renamed into place. */
export function quietPeriod(period: string): Readiness {
  return { kind: "quiet-period", period };
}

/**
 * Files are complete when a manifest beside them names them and everything that it names is there: `manifest("manifest.json")` for a delivery,
 * `manifest("{name}.sha256")` for each file. Checksums (SHA-256, MD5), sizes and numbers of records that it gives are checked before anything is loaded.
 */
export function manifest(name: string): Readiness {
  return { kind: "manifest", name };
}

/**
 * Files behind HTTP addresses: `urls`, or all below `index` that a page or document lists. What is unchanged by ETag or time is not fetched again.
 *
 * @example files("*.csv", { from: http({ index: "https://data.example/exports/", auth: bearer(secret("TOKEN")) }), into: Price })
 */
export function http(options: HttpPlaceOptions): PlaceConfig {
  return { kind: "http", ...options };
}

/**
 * Files of an SFTP server, whose key is pinned.
 *
 * @example files("out/*.csv", { from: sftp({ host: "files.example", username: "shop", key: secret("SSH_KEY"), hostKey: "SHA256:..." }), into: Price })
 */
export function sftp(options: SftpPlaceOptions): PlaceConfig {
  return { kind: "sftp", ...options };
}

/** Loaded files move to this folder, each with its path below the pattern's folder. `{yyyy}`, `{mm}`, `{dd}`, `{hh}`: moment of loading, UTC. */
export function archive(folder: string): AfterLoad {
  return { kind: "archive", folder };
}

/**
 * Declares a channel that loads the files that match `pattern` (`*`, `**`, `?`, `{a,b}`, `[a-z]`), in order of modification time, then path.
 * A file that is in the ledger with the same content is never loaded again.
 *
 * @example
 * export const weekly = files("promotions/*.csv", { into: Promotion, ready: marker("_SUCCESS") });
 * @throws MillraceError channel-invalid, with file and line
 */
export function files(pattern: string, options: FilesOptions): ChannelDeclaration<FilesConfig> {
  return declareChannel({ connector: "files", what: `files(${JSON.stringify(pattern)})` }, () => {
    demand({ ...options, pattern }, filesFields);
    const { into, write, every = options.from === undefined ? "on-arrival" : "5m", expectedBy, ...rest } = options;
    const config: FilesConfig = {
      ...definedOnly(rest),
      pattern,
      ready: rest.ready ?? quietPeriod("2s"),
      onRewrite: rest.onRewrite ?? "replace",
    };
    const output = outputOf("default", { into, ...(write === undefined ? {} : { write }) });
    demand(config, configFields(filesFields));
    checkFilesConfig(config, { contract: into, every, write: output.write });
    return { config, outputs: [output], every, ...(expectedBy === undefined ? {} : { expectedBy }) };
  });
}

function definedOnly<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
