// The way in for webhooks: proof, content, durable append. Whoever cannot prove where a request comes from learns nothing about the project.
import {
  channelName,
  isMillraceError,
  MillraceError,
  toMillraceError,
  type ChannelDefinition,
  type Clock,
  type Labels,
  type Logger,
  type Metrics,
  type Secrets,
} from "@millrace/core";
import { readHook, type HookContent, type WebhookConfig } from "@millrace/connectors";
import type { HookDelivery, HookReceipt } from "../platform.ts";
import type { Ingress } from "./ingest.ts";

export interface HooksParts {
  readonly ingress: Ingress;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

interface Hook {
  readonly config: WebhookConfig;
  readonly labels: Labels;
}

export class Hooks {
  readonly #parts: HooksParts;
  #hooks: ReadonlyMap<string, Hook> = new Map();

  constructor(parts: HooksParts) {
    this.#parts = parts;
  }

  /** Replaces all of them. */
  adopt(channels: readonly ChannelDefinition[]): void {
    const hooks = channels.filter((channel) => channel.connector === "webhook");
    this.#hooks = new Map(
      hooks.map((channel) => {
        const name = channelName(channel);
        return [name, { config: channel.config as WebhookConfig, labels: { channel: name } }];
      }),
    );
  }

  /** See Platform.hook. */
  async receive(channel: string, delivery: HookDelivery): Promise<HookReceipt> {
    const hook = this.#hooks.get(channel);
    // Not a word about what there is: anybody may ask.
    if (hook === undefined) throw new MillraceError("not-found", "There is no webhook at this address.");
    const { bodyBytesMax } = hook.config;
    if (delivery.body.byteLength > bodyBytesMax)
      throw new MillraceError(
        "request-too-large",
        `The body has more than ${bodyBytesMax} bytes; nothing was written.`,
      );
    const content = await this.#verified(channel, hook, delivery);
    if (content.kind === "answer") return content;
    return this.#store(channel, content);
  }

  async #verified(channel: string, { config, labels }: Hook, delivery: HookDelivery): Promise<HookContent> {
    const { clock, metrics } = this.#parts;
    const secrets = await this.#secrets(channel, config);
    try {
      return readHook(config, delivery, { secrets, nowMs: clock.nowMs() });
    } catch (error) {
      metrics.count("millrace_hooks_refused_total", 1, { ...labels, code: toMillraceError(error).code });
      throw error;
    }
  }

  /** Read anew for each request, so that a replaced secret is used without a restart. */
  async #secrets(channel: string, { from }: WebhookConfig): Promise<readonly string[]> {
    try {
      return await Promise.all(from.secrets.map(async (ref) => (await this.#parts.secrets.resolve(ref)).reveal()));
    } catch (thrown) {
      const error = toMillraceError(thrown);
      this.#parts.log.error("A webhook channel cannot verify requests.", { channel, error: error.toJSON() });
      throw new MillraceError("hook-unavailable", "This address cannot verify requests now; nothing was written.");
    }
  }

  async #store(channel: string, content: Extract<HookContent, { readonly kind: "records" }>): Promise<HookReceipt> {
    const { body, format, key } = content;
    try {
      const receipt = await this.#parts.ingress.append(channel, { body, format, idempotencyKey: key });
      return { kind: "received", received: receipt.received, repeated: receipt.repeated };
    } catch (error) {
      // A provider may count its tries inside the body: the same signed id is the same event.
      if (isMillraceError(error, "idempotency-conflict")) return { kind: "received", received: 1, repeated: true };
      throw error;
    }
  }
}
