// Bearer tokens. Only hashes are kept, and every known hash is compared in constant time, so answers tell nothing about near misses.
import { hash, timingSafeEqual } from "node:crypto";
import { MillraceError } from "@millrace/core";
import type { Permission } from "./permission.ts";
import type { Authenticator, Principal } from "./principal.ts";

export interface TokenGrant {
  /** Name of the token's owner; the principal is `token:<name>`. */
  readonly name: string;
  /** From `hashToken`; the token itself is not kept. */
  readonly sha256: Uint8Array;
  readonly permissions: readonly Permission[];
}

const tokenLengthMin = 16;
const headerLengthMax = 1024;

/** SHA-256 of a token: what may be stored. Tokens are random, so they need no slow hash. */
export function hashToken(token: string): Uint8Array {
  return hash("sha256", token, "buffer");
}

/**
 * A grant for a token that is known in clear, as the owner of a data folder knows it.
 *
 * @throws MillraceError project-invalid when the token is shorter than 16 characters
 */
export function grantToken(grant: Omit<TokenGrant, "sha256"> & { readonly token: string }): TokenGrant {
  if (grant.token.length < tokenLengthMin)
    throw new MillraceError(
      "project-invalid",
      `The token of ${grant.name} is shorter than ${tokenLengthMin} characters.`,
    );
  return { name: grant.name, sha256: hashToken(grant.token), permissions: grant.permissions };
}

/** Accepts `Authorization: Bearer <token>` for the granted tokens, and nothing else. */
export function createTokenAuthenticator(grants: readonly TokenGrant[]): Authenticator {
  const known = grants.map((grant): { sha256: Uint8Array; principal: Principal } => ({
    sha256: grant.sha256,
    principal: { id: `token:${grant.name}`, permissions: new Set(grant.permissions) },
  }));
  return {
    authenticate(authorization) {
      const token = bearerToken(authorization);
      if (token === undefined) return undefined;
      const sha256 = hashToken(token);
      let found: Principal | undefined;
      // No early exit: the time does not depend on which token matched.
      for (const entry of known) if (timingSafeEqual(entry.sha256, sha256)) found = entry.principal;
      return found;
    },
  };
}

function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization.length > headerLengthMax) return undefined;
  const scheme = authorization.slice(0, 7);
  if (scheme !== "Bearer " && scheme.toLowerCase() !== "bearer ") return undefined;
  return authorization.slice(7).trim();
}
