// `airbyte()`: declares a channel that runs a connector manifest in process. airbyte-connector.ts reads it.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  callerLocation,
  MillraceError,
  type ChannelDeclaration,
  type ContractDefinition,
  type SourceLocation,
} from "@millrace/core";
import { declareChannel, demand, OptionProblem, outputOf } from "../../authoring/declare-channel.ts";
import { listStreams } from "../load/list-streams.ts";
import type { Component } from "../load/source-lines.ts";
import { inferContract } from "../schema/infer-contract.ts";
import type { AirbyteConfig, AirbyteOptions } from "./airbyte-config.ts";
import { airbyteFields } from "./airbyte-fields.ts";

/**
 * Declares a channel that runs an Airbyte declarative manifest, in process: each stream into its table. Tables are inferred from the manifest's schemas
 * where no contract is given. A path is relative to the file that declares the channel.
 *
 * @example
 * export const crm = airbyte("./connectors/source-crm.yaml", { config: { api_key: secret("CRM_KEY"), start_date: "2024-01-01" }, streams: ["deals"] });
 * @throws MillraceError channel-invalid, manifest-invalid, with file and line
 */
export function airbyte(manifest: string, options: AirbyteOptions): ChannelDeclaration<AirbyteConfig> {
  const location = callerLocation();
  return declareChannel({ connector: "airbyte", what: "airbyte()" }, () => {
    demand(options, airbyteFields);
    if (typeof manifest !== "string" || manifest === "")
      throw new OptionProblem("the first argument is the path of a manifest");
    const folder = location === undefined ? process.cwd() : dirname(location.file);
    const path = resolve(folder, manifest);
    const known = listStreams(manifestText(path), path);
    const names = options.streams ?? [...known.keys()];
    if (names.length === 0)
      throw new OptionProblem('the manifest lists no stream: name those of its templates in "streams"');
    const outputs = names.map((name) =>
      output(name, {
        stream: known.get(name),
        file: path,
        known,
        options,
        ...(location === undefined ? {} : { location }),
      }),
    );
    const config: AirbyteConfig = {
      manifest: path,
      config: options.config,
      ...(options.classes === undefined ? {} : { classes: resolve(folder, options.classes) }),
    };
    return { config, outputs, every: options.every ?? "1h" };
  });
}

interface Wanted {
  readonly stream: Component | undefined;
  readonly file: string;
  readonly known: ReadonlyMap<string, Component>;
  readonly options: AirbyteOptions;
  readonly location?: SourceLocation;
}

function output(name: string, wanted: Wanted): ReturnType<typeof outputOf> {
  const { stream, options } = wanted;
  const contract = contractOf(name, wanted);
  const write = options.write?.[name] ?? defaultWrite(stream, contract);
  return outputOf(name, { into: contract, ...(write === undefined ? {} : { write }) });
}

function contractOf(name: string, { stream, file, known, options, location }: Wanted): ContractDefinition {
  const given = options.into?.[name];
  if (given !== undefined) return given;
  if (stream === undefined)
    throw new OptionProblem(
      `the manifest lists no stream "${name}"; it lists ${[...known.keys()].join(", ")}. A stream of its templates needs a contract in "into"`,
    );
  const inferred = inferContract(stream, { file, ...(location === undefined ? {} : { location }) });
  if (inferred !== undefined) return inferred;
  throw new OptionProblem(
    `the manifest does not tell the schema of stream "${name}"; give a contract for it in "into"`,
  );
}

function defaultWrite(stream: Component | undefined, contract: ContractDefinition): "append" | "replace" | undefined {
  if (contract.columns.some((column) => column.key)) return undefined;
  const incremental = stream?.["incremental_sync"] !== undefined || stream?.["type"] === "StateDelegatingStream";
  return incremental ? "append" : "replace";
}

/** @throws MillraceError manifest-invalid when it cannot be read */
export function manifestText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    throw new MillraceError(
      "manifest-invalid",
      `The manifest ${path} cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}.`,
      {
        hint: "Write the path relative to the file that declares the channel, or add the manifest with: millrace connector add <manifest>.",
      },
    );
  }
}
