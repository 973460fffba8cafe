// `events()`: declares a channel that applications send events to over HTTP. It has no reader: the runtime's batcher serves it from the event log.
import type { ChannelDeclaration, ChannelDefinition } from "@millrace/core";
import { integer, object, oneOf } from "../authoring/option-checks.ts";
import {
  declareChannel,
  demand,
  intoFields,
  outputOf,
  validateDefinition,
  type IntoOptions,
} from "../authoring/declare-channel.ts";
import { optional, type OptionField } from "../authoring/option-fields.ts";

/** What becomes one batch: whatever bound is reached first closes it. */
export interface EventBatchBounds {
  /** Bytes of NDJSON. */
  readonly bytesMax: number;
  /** Age of the oldest waiting event. */
  readonly ageMs: number;
}

export interface EventsOptions extends IntoOptions {
  /**
   * `early` (default): the answer to the sender names the events that the contract refuses. `late`: the sender gets no verdict, which saves
   * the time of checking. Either way every event is stored and judged once more by the loader, with the same codes.
   */
  readonly validate?: "early" | "late";
  /** Default: 8 MiB or 50 ms. */
  readonly batch?: Partial<EventBatchBounds>;
}

export interface EventsConfig {
  readonly validate: "early" | "late";
  readonly batch: EventBatchBounds;
}

export const eventBatchDefault: EventBatchBounds = { bytesMax: 8 * 1024 * 1024, ageMs: 50 };

const batchFields: readonly OptionField[] = [
  optional("bytesMax", "number", integer({ min: 1024, max: 256 * 1024 * 1024 }), "bytes of NDJSON that close a batch", {
    default: String(eventBatchDefault.bytesMax),
  }),
  optional(
    "ageMs",
    "number",
    integer({ min: 1, max: 60_000 }),
    "age of the oldest waiting event that closes a batch, in milliseconds",
    {
      default: String(eventBatchDefault.ageMs),
    },
  ),
];

export const eventsFields: readonly OptionField[] = [
  ...intoFields,
  optional(
    "validate",
    '"early" | "late"',
    oneOf("early", "late"),
    "whether the sender's answer names refused events; the loader judges all of them in any case",
    {
      default: '"early"',
    },
  ),
  optional("batch", "object", object(batchFields), "what closes a batch, whichever comes first", {
    inner: batchFields,
  }),
];

/**
 * Declares a channel that receives events by `POST /ingest/<domain>.<name>`.
 *
 * @example export const orderEvents = events({ into: OrderLine });
 * @throws MillraceError channel-invalid, with file and line
 */
export function events(options: EventsOptions): ChannelDeclaration<EventsConfig> {
  return declareChannel({ connector: "events", what: "events()" }, () => {
    demand(options, eventsFields);
    const config: EventsConfig = {
      validate: options.validate ?? "early",
      batch: { ...eventBatchDefault, ...options.batch },
    };
    return { config, outputs: [outputOf("default", options)], every: "on-arrival" };
  });
}

/** @throws MillraceError channel-invalid */
export function validateEvents(channel: ChannelDefinition): void {
  validateDefinition(channel, eventsFields, () => undefined);
}
