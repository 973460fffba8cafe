// What `airbyte()` takes and keeps.
import type { ContractDefinition, EnvRef, SecretRef, Trigger, WriteMode } from "@millrace/core";

/** A value of a connector's config: secrets and settings by reference. */
export type ConfigValue =
  | string
  | number
  | boolean
  | null
  | SecretRef
  | EnvRef
  | readonly ConfigValue[]
  | { readonly [name: string]: ConfigValue };

export interface AirbyteOptions {
  /** Values that the connector's specification asks for; secrets with secret("NAME"). */
  readonly config: Readonly<Record<string, ConfigValue>>;
  /** Streams to read. Default: all that the manifest lists. Streams that come from templates must be named, with a contract in `into`. */
  readonly streams?: readonly string[];
  /** Contracts by stream. Default: inferred from the manifest's schema. */
  readonly into?: Readonly<Record<string, ContractDefinition>>;
  /** How rows enter the tables, by stream. Default: `merge` with a primary key, `append` for incremental streams without, else `replace`. */
  readonly write?: Readonly<Record<string, WriteMode>>;
  /** Module that exports `classes`: stand-ins for the manifest's custom classes, by class name. Relative to the file that declares the channel. */
  readonly classes?: string;
  /** Default: `1h`. */
  readonly every?: Trigger;
}

/** Config of an airbyte channel. */
export interface AirbyteConfig {
  /** Absolute path. */
  readonly manifest: string;
  readonly config: AirbyteOptions["config"];
  readonly classes?: string;
}
