// The platform's status for people and health checks, put together from memory where possible.
import {
  channelName,
  toMillraceError,
  type ErrorReport,
  type ProjectDefinition,
  type StoredTable,
  type Warehouse,
} from "@millrace/core";
import type { ChannelState } from "../channels/channel-state.ts";
import type { ChannelSet } from "../channels/channel-set.ts";
import type { ChannelTotals } from "../load/channel-totals.ts";
import { toBigint } from "../load/sql-values.ts";
import type { LateChannels } from "../schedule/late-channels.ts";
import type { ModelRunner } from "../models/model-runner.ts";
import type { ChannelStatus, PlatformHealth, PlatformStatus } from "../platform.ts";
import type { PlatformParts } from "../platform-parts.ts";
import type { ClockJudge } from "../quality/clock-judge.ts";
import { countQuarantine } from "../quarantine/quarantine-reader.ts";

export interface StatusParts {
  readonly platform: PlatformParts;
  readonly channels: ChannelSet;
  readonly totals: ChannelTotals;
  readonly models: ModelRunner;
  readonly clockJudge: ClockJudge;
  readonly late: LateChannels;
}

export interface PlatformCondition {
  readonly ready: boolean;
  readonly storageError: ErrorReport | undefined;
}

const CHECK_TIMEOUT_MS = 2000;

export class StatusReader {
  readonly #parts: StatusParts;
  /** Row counts by table, valid for one version. */
  readonly #rows = new Map<string, { readonly version: bigint; readonly rows: bigint }>();

  constructor(parts: StatusParts) {
    this.#parts = parts;
  }

  /** Asks every store one small question; counts nothing. */
  async health(state: PlatformCondition): Promise<PlatformHealth> {
    const ready = state.ready && state.storageError === undefined;
    return { ready, components: await this.#components(state.storageError) };
  }

  async read(project: ProjectDefinition, state: PlatformCondition): Promise<Omit<PlatformStatus, "deliveries">> {
    const { warehouse } = this.#parts.platform;
    const tables: PlatformStatus["tables"][number][] = [];
    for (const table of await warehouse.tables()) {
      const name = `${table.domain}.${table.name}`;
      tables.push({ table: name, kind: table.kind, version: table.version, rows: await this.#count(warehouse, table) });
    }
    return {
      project: project.config.name,
      ...(await this.health(state)),
      channels: this.channels(),
      models: this.#parts.models.status(),
      tables,
      quarantine: await countQuarantine(warehouse),
      clockRules: await this.#parts.clockJudge.verdicts(),
    };
  }

  channels(): readonly ChannelStatus[] {
    const { channels } = this.#parts;
    const read = channels.runners.map((runner) =>
      this.#channel(runner.name, runner.definition.connector, runner.state),
    );
    const received = channels.batchers.map((batcher) => ({
      ...this.#channel(channelName(batcher.definition), batcher.definition.connector, batcher.state),
      backlog: batcher.backlog().events,
    }));
    const requested = channels.requested.map(({ definition, state }) =>
      this.#channel(channelName(definition), definition.connector, state),
    );
    return [...read, ...received, ...requested].sort((a, b) => (a.channel < b.channel ? -1 : 1));
  }

  #channel(channel: string, connector: string, state: ChannelState): ChannelStatus {
    const error = state.error;
    const late = this.#parts.late.of(channel);
    const { lastArrivalMs: _, ...totals } = this.#parts.totals.of(channel);
    return {
      channel,
      connector,
      state: late !== undefined && state.state === "idle" ? "late" : state.state,
      ...totals,
      ...(late === undefined ? {} : { late }),
      ...(error === undefined ? {} : { error }),
    };
  }

  /** Views are counted each time: their rows change with the tables below. */
  async #count(warehouse: Warehouse, table: StoredTable): Promise<bigint> {
    const name = `${table.domain}.${table.name}`;
    const known = this.#rows.get(name);
    if (table.kind !== "view" && known?.version === table.version) return known.rows;
    const quoted = [table.domain, table.name].map((part) => `"${part.replaceAll('"', '""')}"`).join(".");
    const found = await warehouse.query(`SELECT count(*) FROM ${quoted}`);
    const rows = toBigint(found.rows[0]?.[0]);
    this.#rows.set(name, { version: table.version, rows });
    return rows;
  }

  async #components(storageError: ErrorReport | undefined): Promise<PlatformStatus["components"]> {
    const { warehouse, eventLog, control } = this.#parts.platform;
    const check = async (probe: () => Promise<unknown>): Promise<"ok" | ErrorReport> => {
      try {
        await probe();
        return "ok";
      } catch (error) {
        return toMillraceError(error).toJSON();
      }
    };
    return {
      storage: storageError ?? "ok",
      warehouse: await check(() => warehouse.query("SELECT 1", [], { timeoutMs: CHECK_TIMEOUT_MS })),
      eventLog: await check(() => eventLog.partitions()),
      control: await check(() => control.tasks.counts()),
    };
  }
}
