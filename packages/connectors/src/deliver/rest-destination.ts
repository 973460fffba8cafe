// Rows to requests of a REST API, one row or a list of rows each, under an idempotency key.
import {
  MillraceError,
  parseExact,
  stringifyExact,
  type DeliveryContext,
  type DeliveryDefinition,
  type DeliverySender,
  type Destination,
  type Parcel,
  type ParcelOutcome,
  type ParcelRow,
} from "@millrace/core";
import { describeFields } from "../authoring/option-fields.ts";
import { isEnvRef } from "../authoring/references.ts";
import { parseJsonPath, valueAt } from "../rest/json-path.ts";
import { baseAddress } from "../rest/stream-address.ts";
import type { RestTargetOptions } from "./delivery-config.ts";
import { restTargetFields } from "./delivery-fields.ts";
import { hasColumns, HttpExchange, unfit, type Outgoing } from "./http-exchange.ts";
import { columnsIn, fillBody, fillPath, fillText } from "./row-template.ts";
import { validateDelivery } from "./validate-delivery.ts";

type Row = Readonly<Record<string, unknown>>;

const example = `export const stock = delivery({
  from: "inventory.stock_on_hand",
  key: ["store", "sku"],
  to: toRest({
    baseUrl: env("OMS_URL"),
    path: "/stock/{store}/{sku}",
    method: "PUT",
    auth: bearer(secret("OMS_TOKEN")),
    rateLimit: { requests: 50, perSeconds: 1 },
  }),
});`;

export const restDestination: Destination = {
  name: "rest",
  summary: "Sends each new or changed row of a table or model to a REST API, under an idempotency key.",
  fields: describeFields(restTargetFields),
  example,
  validate: (delivery) => validateDelivery(delivery, restTargetFields),
  columns: ({ config }) => usedColumns(config as RestTargetOptions),
  fileFormat: () => undefined,
  async open(context: DeliveryContext): Promise<DeliverySender> {
    const config = context.delivery.config as RestTargetOptions;
    const base = baseAddress(config.baseUrl, context.secrets);
    const exchange = await HttpExchange.open(context, { ...config, baseUrl: base.href }, []);
    return new RestSender(context.delivery, config, { base, exchange });
  },
};

function usedColumns({ path, headers, body, deletion }: RestTargetOptions): readonly string[] {
  const texts = [path, deletion?.path ?? "", stringifyExact(body ?? {}), ...Object.values(headers ?? {})];
  const named = texts.filter((one) => typeof one === "string").flatMap(columnsIn);
  return [...new Set(named)].filter((column) => column !== "rows");
}

class RestSender implements DeliverySender {
  readonly #delivery: DeliveryDefinition;
  readonly #config: RestTargetOptions;
  readonly #base: URL;
  readonly #exchange: HttpExchange;

  constructor(
    delivery: DeliveryDefinition,
    config: RestTargetOptions,
    { base, exchange }: { readonly base: URL; readonly exchange: HttpExchange },
  ) {
    this.#delivery = delivery;
    this.#config = config;
    this.#base = base;
    this.#exchange = exchange;
  }

  async send(parcel: Parcel, signal: AbortSignal): Promise<ParcelOutcome> {
    let outgoing: Outgoing;
    try {
      outgoing = this.#request(parcel);
    } catch (thrown) {
      return unfit(thrown);
    }
    const outcome = await this.#exchange.send(outgoing, signal);
    if (outcome.kind !== "answered") return outcome;
    const captured = this.#captured(outcome.bytes);
    return { kind: "acknowledged", ...(captured === undefined ? {} : { captured }) };
  }

  /** @throws MillraceError upstream-*, delivery-refused */
  async count(signal: AbortSignal): Promise<bigint> {
    const { count } = this.#config;
    if (count === undefined)
      throw new MillraceError(
        "delivery-invalid",
        `Delivery ${this.#delivery.domain}.${this.#delivery.name} does not say where the receiver counts.`,
        { hint: 'Declare it in toRest(): count: { path: "/stock/count", at: "$.count" }.' },
      );
    const shown = this.#address(count.path);
    const outcome = await this.#exchange.send({ method: "GET", url: shown, shown, headers: {} }, signal);
    if (outcome.kind === "refused" || outcome.kind === "failed") throw outcome.error;
    const value = outcome.kind === "answered" ? valueAt(documentOf(outcome.bytes), parseJsonPath(count.at)) : undefined;
    if (/^\d+$/.test(String(value))) return BigInt(String(value));
    throw new MillraceError("upstream-not-json", `GET ${shown} answered without a whole number at ${count.at}.`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #request(parcel: Parcel): Outgoing {
    const { path, method = "POST", deletion } = this.#config;
    const [first] = parcel.rows;
    const isDeletion = first?.operation === "delete";
    const template = isDeletion ? (deletion?.path ?? path) : path;
    const verb = isDeletion ? (deletion?.method ?? "DELETE") : method;
    const needsRow = columnsIn(template).length > 0 || this.#headersOfRow().length > 0;
    const row = needsRow && first !== undefined ? (parseExact(first.payload) as Row) : {};
    const body = verb === "DELETE" ? undefined : this.#body(parcel.rows);
    const headers = Object.fromEntries(this.#headersOfRow().map(([name, text]) => [name, fillText(text, row)]));
    return {
      method: verb,
      url: this.#address(fillPath(template, row)),
      shown: this.#address(template),
      headers: {
        ...headers,
        "idempotency-key": parcel.id,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body }),
    };
  }

  #headersOfRow(): [string, string][] {
    return Object.entries(this.#config.headers ?? {}).flatMap(([name, value]): [string, string][] =>
      !isEnvRef(value) && hasColumns(value) ? [[name.toLowerCase(), value]] : [],
    );
  }

  /** The rows as they stand in the outbox, unless a template wants them otherwise. */
  #body(rows: readonly ParcelRow[]): string {
    const { body } = this.#config;
    if (body !== undefined) {
      const values = rows.map(({ payload }) => parseExact(payload) as Row);
      return stringifyExact(fillBody(body, values));
    }
    const [first] = rows;
    if (this.#delivery.batch.rows === 1) return first?.payload ?? "{}";
    return `[${rows.map(({ payload }) => payload).join(",")}]`;
  }

  #address(path: string): string {
    return `${this.#base.origin}${this.#base.pathname.replace(/\/+$/, "")}${path}`;
  }

  #captured(bytes: Uint8Array): string | undefined {
    const { capture } = this.#config;
    if (capture === undefined) return undefined;
    const value = valueAt(documentOf(bytes), parseJsonPath(capture));
    if (value === undefined || value === null) return undefined;
    return typeof value === "string" ? value : stringifyExact(value);
  }
}

function documentOf(bytes: Uint8Array): unknown {
  try {
    return parseExact(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
