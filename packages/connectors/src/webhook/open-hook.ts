// One webhook request from beginning to end: proof first, content after. The runtime gives it the secrets and stores what comes out.
import { hookContent, type HookContent } from "./hook-records.ts";
import { schemeOf } from "./signature-scheme.ts";
import { verifySignature, verifyToken, type HookRequest, type Proof } from "./verify-signature.ts";
import type { WebhookConfig } from "./webhook.ts";

/**
 * @param proof the values of the secrets of `config.from`, and the clock
 * @throws MillraceError hook-signature-missing, hook-signature-invalid, hook-timestamp-invalid, request-invalid, media-type-unsupported
 */
export function readHook(config: WebhookConfig, request: HookRequest, proof: Proof): HookContent {
  const { from } = config;
  const verified =
    from.kind === "token" ? verifyToken(from.header, request, proof) : verifySignature(schemeOf(from), request, proof);
  return hookContent(config, request, verified);
}
