// `POST /hooks/<channel>`: webhooks in. Open to everyone, because the signature is the proof; the body goes to the platform byte for byte.
import type { FastifyInstance, FastifyRequest } from "fastify";
import { stringifyExact } from "@millrace/core";
import type { HookDelivery, Platform } from "@millrace/runtime";
import { jsonContentType } from "../http/security-headers.ts";

export function addHookRoute(app: FastifyInstance, platform: Pick<Platform, "hook">, bodyBytesMax: number): void {
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: bodyBytesMax }, (_request, body, parsed) =>
      parsed(null, body),
    );
    const options = { config: { access: "public" }, bodyLimit: bodyBytesMax } as const;
    scope.post<{ Params: { channel: string } }>("/hooks/:channel", options, async (request, reply) => {
      const receipt = await platform.hook(request.params.channel, deliveryOf(request));
      // 200 for everything that is stored: some senders take no other status for success.
      void reply.code(200).header("content-type", jsonContentType);
      if (receipt.kind === "answer") return reply.send(stringifyExact(receipt.body));
      return reply.send(`{"received":${receipt.received},"repeated":${receipt.repeated}}`);
    });
    done();
  });
}

function deliveryOf({ headers, body }: FastifyRequest): HookDelivery {
  const single = Object.entries(headers).filter(([, value]) => typeof value === "string");
  return {
    headers: Object.fromEntries(single) as HookDelivery["headers"],
    body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
  };
}
