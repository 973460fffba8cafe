// The moving parts of a platform and how they hang together. Made once at start; a reload changes what they work on, not the parts.
import type { MillraceError } from "@millrace/core";
import { ChannelSet } from "./channels/channel-set.ts";
import { Hooks } from "./ingest/hooks.ts";
import { Ingress } from "./ingest/ingest.ts";
import { AdoptedTables } from "./load/adopted-tables.ts";
import { BatchSequence } from "./load/batch-sequence.ts";
import { BatchTransactions } from "./load/batch-transaction.ts";
import { ChannelClaims } from "./load/channel-claims.ts";
import { ChannelTotals } from "./load/channel-totals.ts";
import { logNotifier } from "./observe/log-notifier.ts";
import { DeliverySet } from "./deliveries/delivery-set.ts";
import type { CommitBus } from "./load/commit-bus.ts";
import { Loader } from "./load/loader.ts";
import { ModelRunner } from "./models/model-runner.ts";
import type { PlatformLimits } from "./platform-limits.ts";
import type { PlatformParts } from "./platform-parts.ts";
import { ClockJudge } from "./quality/clock-judge.ts";
import { LateChannels } from "./schedule/late-channels.ts";
import { Readmitter } from "./quarantine/readmitter.ts";
import { Uploads } from "./uploads/uploads.ts";

export interface Works {
  readonly bus: CommitBus;
  readonly tables: AdoptedTables;
  readonly claims: ChannelClaims;
  readonly sequence: BatchSequence;
  readonly transactions: BatchTransactions;
  readonly loader: Loader;
  readonly totals: ChannelTotals;
  readonly channels: ChannelSet;
  readonly ingress: Ingress;
  readonly hooks: Hooks;
  readonly uploads: Uploads;
  readonly readmitter: Readmitter;
  readonly models: ModelRunner;
  readonly clockJudge: ClockJudge;
  readonly deliveries: DeliverySet;
  readonly late: LateChannels;
}

export interface WorksOptions {
  readonly limits: PlatformLimits;
  readonly bus: CommitBus;
  readonly onStorageError: (error: MillraceError) => void;
  /** Told once each: refused files, held rows that could not be looked at. */
  readonly onError: (error: MillraceError) => void;
  readonly requestModel: (model: string, readyAtMs: number) => void;
}

/** Reads nothing yet: numbers and totals go on from the warehouse when the claims are taken. */
export function buildWorks(platform: PlatformParts, options: WorksOptions): Works {
  const { warehouse, clock } = platform;
  const { bus, limits, onStorageError } = options;
  const tables = new AdoptedTables();
  const claims = new ChannelClaims(warehouse, clock);
  const sequence = new BatchSequence(clock);
  const transactions = new BatchTransactions({ ...platform, ...limits, bus, onStorageError });
  const loading = { ...platform, transactions, claims, sequence, tables };
  const loader = new Loader(loading);
  const totals = new ChannelTotals();
  const notifier = platform.notifier ?? logNotifier(platform.log);
  const channels = new ChannelSet({
    platform,
    limits,
    loader,
    claims,
    onRefused: options.onError,
    onStorageError,
  });
  const ingress = new Ingress({ ...platform, limits, onStorageError });
  return {
    bus,
    tables,
    claims,
    sequence,
    transactions,
    loader,
    totals,
    channels,
    ingress,
    hooks: new Hooks({ ...platform, ingress }),
    uploads: new Uploads({
      ...loading,
      ...limits,
      loader,
      ingress,
      requested: () => channels.requested,
      onRefused: (channel) => channels.refused(channel),
      onStorageError,
    }),
    readmitter: new Readmitter({ ...loading, readmitRowsMax: limits.readmitRowsMax, onError: options.onError }),
    models: new ModelRunner({
      ...platform,
      bus,
      buildTimeoutMs: limits.buildTimeoutMs,
      request: options.requestModel,
      onStorageError,
    }),
    deliveries: new DeliverySet({ platform, limits, onStorageError }),
    clockJudge: new ClockJudge({ ...platform, notifier }),
    late: new LateChannels({ ...platform, notifier, totals }),
  };
}
