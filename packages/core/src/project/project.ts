// A loaded project as data: what the worker that runs user code hands to the platform.
import type { ContractDefinition, SourceLocation } from "../contract/contract.ts";
import type { WriteMode } from "../ports/warehouse-load.ts";
import type { TableReference } from "../ports/warehouse.ts";
import type { DeliveryDefinition } from "./delivery.ts";

/** When a channel works. `on-arrival` needs no timer; `30s`, `5m`, `1h` repeat; anything else is a cron expression (UTC). */
export type Trigger = "on-arrival" | (string & {});

/** One stream of a channel and the table that it fills. */
export interface ChannelOutput {
  /** Name inside the channel; `default` for channels with one stream. */
  readonly stream: string;
  readonly contract: ContractDefinition;
  /** Domain of the contract's table; filled in when the project is assembled. */
  readonly domain: string;
  readonly write: WriteMode;
}

/** What `files()`, `rest()` and `events()` return, before the project gives it a domain and a name. */
export interface ChannelDeclaration<Config = unknown> {
  readonly kind: "channel";
  readonly connector: string;
  readonly config: Config;
  readonly outputs: readonly Omit<ChannelOutput, "domain">[];
  readonly every: Trigger;
  /** When something must have arrived, else the channel is late; see parseExpectedBy. */
  readonly expectedBy?: string;
  readonly location?: SourceLocation;
}

export interface ChannelDefinition<Config = unknown> extends Omit<ChannelDeclaration<Config>, "outputs"> {
  readonly domain: string;
  /** The export's name. `domain.name` is the channel's full name. */
  readonly name: string;
  readonly outputs: readonly ChannelOutput[];
}

export interface ModelSource {
  readonly domain: string;
  /** File name without extension. */
  readonly name: string;
  readonly file: string;
  readonly text: string;
}

export interface DomainDefinition {
  readonly name: string;
  readonly folder: string;
  readonly contracts: readonly ContractDefinition[];
  readonly channels: readonly ChannelDefinition[];
  readonly models: readonly ModelSource[];
  readonly deliveries?: readonly DeliveryDefinition[];
}

/** What millrace.config.ts exports as `defineProject({...})`. */
export interface ProjectConfig {
  readonly name: string;
  /** Store addresses; the embedded defaults when absent. */
  readonly stores?: { readonly data?: string };
  readonly server?: { readonly host?: string; readonly port?: number; readonly bodyBytesMax?: number };
  /** Hosts or CIDR blocks that outgoing requests may reach although they are private. */
  readonly allowAddresses?: readonly string[];
  readonly limits?: { readonly memory?: string; readonly threads?: number };
  /** Who answers for each domain, by its name: shown beside its tables and in reports. */
  readonly owners?: Readonly<Record<string, string>>;
}

export interface ProjectDefinition {
  readonly config: ProjectConfig;
  readonly folder: string;
  readonly domains: readonly DomainDefinition[];
}

export function channelName(channel: Pick<ChannelDefinition, "domain" | "name">): string {
  return `${channel.domain}.${channel.name}`;
}

export function tableName(
  table: Required<TableReference> | { readonly domain: string; readonly name: string },
): string {
  return `${table.domain}.${table.name}`;
}
