// Ways out: a destination takes parcels of rows, or finished files, to another system, one try per call. The runtime decides what is due, keeps the
// order and tries again.
import type { DeliveryDefinition } from "../project/delivery.ts";
import type { MillraceError } from "../errors/millrace-error.ts";
import type { Clock, Random } from "./clock.ts";
import type { FieldDescription } from "./connector.ts";
import type { HttpClient } from "./http-client.ts";
import type { Logger } from "./logger.ts";
import type { Metrics } from "./metrics.ts";
import type { Secrets } from "./secrets.ts";
import type { ExportedFile, ExportFormat } from "./warehouse.ts";

/** One version of one row. */
export interface ParcelRow {
  /** `<delivery>:<key>:<version>`, the same at every try. Printable ASCII. */
  readonly id: string;
  /** Values of the key as text, in the key's order. */
  readonly key: readonly string[];
  readonly operation: "upsert" | "delete";
  /** JSON object text: the columns that are sent; of a deletion the key's alone. */
  readonly payload: string;
  /** When the row became due. */
  readonly dueMs: number;
}

export interface Parcel {
  /** Identity of all rows together: that of the row where there is one, else `<delivery>:<first>-<last>`. */
  readonly id: string;
  /** Grows with each time that the delivery found something due. */
  readonly version: bigint;
  readonly dueMs: number;
  /** Each key at most once. Empty for destinations that take files. */
  readonly rows: readonly ParcelRow[];
  /** For destinations that take files. */
  readonly file?: ExportedFile;
}

/**
 * How one try went. `refused`: this parcel will never be taken as it is; `failed`: another try may help, after `waitMs` where the receiver asked for
 * it; `isAway`: the receiver as a whole is not there (no answer, 429, 503), so that the try says nothing about the rows.
 */
export type ParcelOutcome =
  | { readonly kind: "acknowledged"; readonly captured?: string }
  | { readonly kind: "refused"; readonly error: MillraceError; readonly answer?: string }
  | {
      readonly kind: "failed";
      readonly error: MillraceError;
      readonly answer?: string;
      readonly waitMs?: number;
      readonly isAway: boolean;
    };

export interface DeliverySender extends AsyncDisposable {
  /** One try. Rejects only when the signal aborts. */
  send(parcel: Parcel, signal: AbortSignal): Promise<ParcelOutcome>;
  /** How many records the receiver holds, where the delivery declares how to ask. @throws MillraceError upstream-*, delivery-* */
  count?(signal: AbortSignal): Promise<bigint>;
}

export interface DeliveryContext {
  readonly delivery: DeliveryDefinition;
  readonly project: string;
  readonly projectFolder: string;
  /** True when what is sent may hold personal data: errors quote no answers and no values then. */
  readonly isPersonal: boolean;
  readonly http: HttpClient;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface Destination {
  /** `rest`, `webhook`, `file`: as in DeliveryDeclaration.destination. */
  readonly name: string;
  readonly summary: string;
  readonly fields: readonly FieldDescription[];
  /** TypeScript that an author can paste. */
  readonly example: string;
  /** Refuses a wrong configuration with file and line. @throws MillraceError delivery-invalid */
  validate(delivery: DeliveryDefinition): void;
  /** Columns that the configuration names, so that the plan can say which of them are not there. */
  columns(delivery: DeliveryDefinition): readonly string[];
  /** Format of the file of a parcel; undefined for destinations that take rows. */
  fileFormat(delivery: DeliveryDefinition): ExportFormat | undefined;
  /** @throws MillraceError secret-missing, delivery-invalid */
  open(context: DeliveryContext): Promise<DeliverySender>;
}
