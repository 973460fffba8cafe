// What an upload needs of the platform, and what each way of taking files does with them. uploads.ts brings requests to them.
import type {
  ChannelDefinition,
  ObjectStore,
  Clock,
  Random,
  Logger,
  Metrics,
  MillraceError,
  Warehouse,
} from "@millrace/core";
import type { UploadedFile, UploadsConfig } from "@millrace/connectors";
import type { RequestChannel } from "../channels/channel-set.ts";
import type { ChannelState } from "../channels/channel-state.ts";
import type { Ingress } from "../ingest/ingest.ts";
import type { AdoptedTables } from "../load/adopted-tables.ts";
import type { BatchSequence } from "../load/batch-sequence.ts";
import type { BatchTransactions } from "../load/batch-transaction.ts";
import type { ChannelClaims } from "../load/channel-claims.ts";
import type { Loader } from "../load/loader.ts";
import type { FileReceipt } from "../platform.ts";

export interface UploadParts {
  readonly warehouse: Warehouse;
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly tables: AdoptedTables;
  readonly claims: ChannelClaims;
  readonly sequence: BatchSequence;
  readonly transactions: BatchTransactions;
  readonly loader: Loader;
  readonly ingress: Ingress;
  /** Channels whose files are loaded at once. */
  readonly requested: () => readonly RequestChannel[];
  readonly onRefused: (channel: string) => (state: ChannelState) => (error: MillraceError) => void;
}

export interface UploadChannel {
  /** `domain.name` */
  readonly name: string;
  readonly definition: ChannelDefinition;
  readonly config: UploadsConfig;
  /** `domain.table` */
  readonly table: string;
}

export type FormFields = Readonly<Record<string, string>>;

/** Files of one request: taken one after the other, then settled together; or abandoned, and then nothing of them stays. */
export interface UploadTaker {
  take(file: UploadedFile): Promise<void>;
  settle(fields: FormFields): Promise<readonly FileReceipt[]>;
  abandon(): Promise<void>;
}
