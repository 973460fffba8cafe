// The simulator's world: what each upstream holds, and the truth about it. Money is in whole cents so that sums are exact.

export interface Volumes {
  readonly products: number;
  readonly stores: number;
  readonly sales: number;
  readonly orders: number;
  readonly movements: number;
  readonly weeklyPromotions: number;
  readonly flashPromotions: number;
}

export const fullVolumes: Volumes = {
  products: 5000,
  stores: 20,
  sales: 100_000,
  orders: 20_000,
  movements: 50_000,
  weeklyPromotions: 1000,
  flashPromotions: 300,
};

/** A record as the upstream sends it: text for files, JSON for APIs and events. */
export type UpstreamRecord = Readonly<Record<string, string | number | null>>;

/** What the platform must arrive at for one channel. */
export interface ChannelTruth {
  readonly received: number;
  readonly accepted: number;
  readonly quarantined: number;
  readonly duplicate: number;
  /** Failed codes of the channel's quarantined rows, and how often. */
  readonly codes: Readonly<Record<string, number>>;
}

/** One figure of the end result, asked over HTTP. */
export interface FigureTruth {
  readonly name: string;
  /** Path and query below the server's address. */
  readonly path: string;
  /** Column to sum in exact cents or units; rows are counted when absent. */
  readonly sum?: string;
  readonly expected: string;
}

export interface World {
  readonly seed: number;
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly flashPages: readonly UpstreamRecord[];
  readonly sales: readonly UpstreamRecord[];
  readonly orderEvents: readonly UpstreamRecord[];
  readonly movementEvents: readonly UpstreamRecord[];
  readonly truth: Truth;
}

export interface Truth {
  readonly seed: number;
  readonly channels: Readonly<Record<string, ChannelTruth>>;
  readonly figures: readonly FigureTruth[];
  /** What the order management system must have been told at the end. */
  readonly delivered: { readonly records: number; readonly pieces: Readonly<Record<string, number>> };
  /** Held promotions that a later catalogue file frees. */
  readonly readmitted: number;
  /** Codes that the same bad promotion must get by file and by REST. */
  readonly sameBadPromotion: { readonly fileId: string; readonly restId: string; readonly codes: readonly string[] };
}
