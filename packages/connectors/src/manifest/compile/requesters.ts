// HttpRequester: the request, its proof, and what is done about its answers.
import type { Requester } from "../../rest-engine/components.ts";
import { authenticator } from "./authenticators.ts";
import type { Part } from "./compile-context.ts";
import { errorHandler } from "./error-handlers.ts";
import { requestTemplate, type FurtherNames } from "./request-template.ts";

const timeoutMs = 300_000;

export function requester(part: Part, further?: FurtherNames): Requester {
  if (part.type === "CustomRequester") throw part.unsupported("a CustomRequester has no stand-in");
  return {
    template: requestTemplate(part, further),
    authenticator: authenticator(proof(part)),
    errors: errorHandler(part.part("error_handler")),
    timeoutMs,
    cached: part.of["use_cache"] === true || (part.context.isParent && part.of["use_cache"] !== false),
  };
}

/** The old session token asks at the address of its requester. */
function proof(part: Part): Part | undefined {
  const own = part.part("authenticator");
  if (own?.type !== "LegacySessionTokenAuthenticator") return own;
  return own.with({ ...own.of, url_base: part.of["url"] ?? part.of["url_base"] });
}
