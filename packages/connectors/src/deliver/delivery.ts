// `delivery()`, `toRest()`, `toWebhook()`, `toFile()`: declares which rows go back to which system. The destinations beside this file send them.
import {
  atLocation,
  callerLocation,
  MillraceError,
  type DeliveryDeclaration,
  type SourceLocation,
} from "@millrace/core";
import { OptionProblem } from "../authoring/declare-channel.ts";
import { findProblem } from "../authoring/option-fields.ts";
import type {
  DeliveryOptions,
  FileTargetOptions,
  RestTargetOptions,
  Target,
  WebhookTargetOptions,
} from "./delivery-config.ts";
import { checkTarget, deliveryFields } from "./delivery-fields.ts";

const retryDefault = { attempts: 8, base: "1s", cap: "5m", deadline: "24h" };
const MIB = 1_048_576;

/** Rows become requests to an API. */
export function toRest(options: RestTargetOptions): Target {
  return { kind: "rest", ...options };
}

/** Rows become signed requests to a webhook (Standard Webhooks), as CloudEvents on demand. */
export function toWebhook(options: WebhookTargetOptions): Target {
  return { kind: "webhook", ...options };
}

/** Rows become files of a folder: CSV, NDJSON or Parquet, complete as soon as they have their name. */
export function toFile(options: FileTargetOptions): Target {
  return { kind: "file", ...options };
}

/**
 * Declares that rows of a table or model go to another system. What is due commits in the warehouse; each version of a row is sent at least once, always
 * under the same idempotency key.
 *
 * @example
 * export const stock = delivery({
 *   from: "inventory.stock_on_hand", key: ["store", "sku"],
 *   to: toRest({ baseUrl: env("OMS_URL"), path: "/stock/{store}/{sku}", method: "PUT", auth: bearer(secret("OMS_TOKEN")) }),
 * });
 * @throws MillraceError delivery-invalid, with file and line
 */
export function delivery(options: DeliveryOptions): DeliveryDeclaration {
  const location = callerLocation();
  return placedDelivery("delivery()", location, () => {
    demandDelivery(options);
    const { to, batch = {} } = options;
    const { kind, ...config } = to;
    const isFile = kind === "file";
    const declared: DeliveryDeclaration = {
      kind: "delivery",
      from: options.from,
      destination: kind,
      config,
      send: options.send ?? "changes",
      ...(options.key === undefined ? {} : { key: options.key }),
      ...(options.columns === undefined ? {} : { columns: options.columns }),
      deletions: options.deletions ?? false,
      every: options.every ?? "on-arrival",
      order: options.order ?? "key",
      batch: { rows: batch.rows ?? (isFile ? 1_000_000 : 1), bytes: batch.bytes ?? MIB },
      concurrency: isFile || options.order === "strict" ? 1 : (options.concurrency ?? 4),
      retry: { ...retryDefault, ...options.retry },
      ...(location === undefined ? {} : { location }),
    };
    checkTarget(declared);
    return declared;
  });
}

function demandDelivery(options: DeliveryOptions): void {
  const problem = findProblem(options, deliveryFields);
  if (problem !== undefined) throw new OptionProblem(problem);
}

/** Turns a problem into delivery-invalid with the place of the declaration. */
export function placedDelivery<T>(what: string, location: SourceLocation | undefined, build: () => T): T {
  try {
    return build();
  } catch (thrown) {
    if (!(thrown instanceof OptionProblem)) throw thrown;
    throw new MillraceError("delivery-invalid", `${atLocation(location)}${what}: ${thrown.message}`, {
      details: { ...location },
    });
  }
}
