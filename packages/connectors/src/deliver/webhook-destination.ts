// Rows to signed webhook requests, after the Standard Webhooks specification 1.0 (headers webhook-id, webhook-timestamp, webhook-signature), with
// bodies as CloudEvents 1.0 (structured mode) where the receiver wants them.
import { createHmac } from "node:crypto";
import { deliveryName, type DeliveryContext, type DeliverySender, type Destination } from "@millrace/core";
import type { Parcel, ParcelOutcome, ParcelRow, SecretRef } from "@millrace/core";
import { describeFields } from "../authoring/option-fields.ts";
import { baseAddress } from "../rest/stream-address.ts";
import type { Authenticator } from "../rest-engine/components.ts";
import type { WebhookTargetOptions } from "./delivery-config.ts";
import { webhookTargetFields } from "./delivery-fields.ts";
import { HttpExchange } from "./http-exchange.ts";
import { validateDelivery } from "./validate-delivery.ts";

const example = `export const orders = delivery({
  from: Order,
  to: toWebhook({ url: env("HOOK_URL"), secret: secret("HOOK_SECRET"), cloudEvents: true }),
  batch: { rows: 100 },
});`;

export const webhookDestination: Destination = {
  name: "webhook",
  summary: "Sends each new or changed row of a table or model to a webhook, signed, as a plain event or a CloudEvent.",
  fields: describeFields(webhookTargetFields),
  example,
  validate: (delivery) => validateDelivery(delivery, webhookTargetFields),
  columns: () => [],
  fileFormat: () => undefined,
  async open(context: DeliveryContext): Promise<DeliverySender> {
    const config = context.delivery.config as WebhookTargetOptions;
    const { href } = baseAddress(config.url, context.secrets);
    const authenticator = signature(config.secret);
    const exchange = await HttpExchange.open(context, { ...config, baseUrl: href, authenticator }, config.secret);
    return new WebhookSender(context, config, { url: href, exchange });
  },
};

/** Signs `<id>.<timestamp>.<body>`; the time is that of the try. */
function signature(secret: SecretRef): Authenticator {
  return {
    parts: () => Promise.resolve({}),
    async sign(context, request) {
      const text = (await context.secrets.resolve(secret)).reveal();
      context.redactor.add(text);
      const key = text.startsWith("whsec_") ? Buffer.from(text.slice(6), "base64") : Buffer.from(text, "utf8");
      const stamp = String(Math.floor(context.clock.nowMs() / 1000));
      const signed = `${request.headers["webhook-id"] ?? ""}.${stamp}.${request.body ?? ""}`;
      const mark = createHmac("sha256", key).update(signed).digest("base64");
      return { "webhook-timestamp": stamp, "webhook-signature": `v1,${mark}` };
    },
  };
}

class WebhookSender implements DeliverySender {
  readonly #context: DeliveryContext;
  readonly #config: WebhookTargetOptions;
  readonly #url: string;
  readonly #exchange: HttpExchange;

  constructor(
    context: DeliveryContext,
    config: WebhookTargetOptions,
    { url, exchange }: { readonly url: string; readonly exchange: HttpExchange },
  ) {
    this.#context = context;
    this.#config = config;
    this.#url = url;
    this.#exchange = exchange;
  }

  async send(parcel: Parcel, signal: AbortSignal): Promise<ParcelOutcome> {
    const many = this.#context.delivery.batch.rows > 1;
    const contentType =
      this.#config.cloudEvents === true
        ? `application/cloudevents${many ? "-batch" : ""}+json; charset=utf-8`
        : "application/json";
    const request = {
      method: "POST",
      url: this.#url,
      shown: this.#url.split("?")[0] ?? "",
      headers: { "content-type": contentType, "webhook-id": parcel.id, "idempotency-key": parcel.id },
      body: this.#config.cloudEvents === true ? this.#cloudEvents(parcel, many) : this.#plain(parcel, many),
    };
    const outcome = await this.#exchange.send(request, signal);
    return outcome.kind === "answered" ? { kind: "acknowledged" } : outcome;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /** Payloads stay the text that they are. */
  #plain(parcel: Parcel, many: boolean): string {
    const [first] = parcel.rows;
    const type = JSON.stringify(this.#type(first));
    const data = many ? `[${parcel.rows.map(({ payload }) => payload).join(",")}]` : (first?.payload ?? "null");
    return `{"type":${type},"timestamp":${JSON.stringify(instant(parcel.dueMs))},"data":${data}}`;
  }

  #cloudEvents({ rows }: Parcel, many: boolean): string {
    const events = rows.map((row) => this.#cloudEvent(row));
    return many ? `[${events.join(",")}]` : (events[0] ?? "null");
  }

  #cloudEvent(row: ParcelRow): string {
    const attributes = JSON.stringify({
      specversion: "1.0",
      id: row.id,
      source: `/millrace/${encodeURIComponent(this.#context.project)}/${deliveryName(this.#context.delivery)}`,
      type: this.#type(row),
      subject: row.key.join("/"),
      time: instant(row.dueMs),
      datacontenttype: "application/json",
    });
    return `${attributes.slice(0, -1)},"data":${row.payload}}`;
  }

  #type(row: ParcelRow | undefined): string {
    const { domain, name } = this.#context.delivery.from;
    return `${domain}.${name}.${row?.operation === "delete" ? "deleted" : "changed"}`;
  }
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
