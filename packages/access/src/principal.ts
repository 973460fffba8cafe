// The identity of a caller after authentication, and the one decision that is made about it. Default deny.
import { MillraceError } from "@millrace/core";
import type { Permission } from "./permission.ts";

/** Someone who proved who they are. Holds no secret, so it may be logged. */
export interface Principal {
  /** Stable name for logs and audit, e.g. `token:admin`. */
  readonly id: string;
  readonly permissions: ReadonlySet<Permission>;
}

/** Decides who sends a request. */
export interface Authenticator {
  /** The caller of an `Authorization` header, or undefined when it proves nothing. Never throws, whatever the header holds. */
  authenticate(authorization: string | undefined): Principal | undefined;
}

/**
 * Lets the call pass, or throws. Without a principal nothing passes.
 *
 * @throws MillraceError unauthorized (nobody known), forbidden (known, but lacks the permission)
 */
export function authorize(principal: Principal | undefined, permission: Permission): asserts principal is Principal {
  if (principal === undefined) throw new MillraceError("unauthorized", "The request carries no valid token.");
  if (principal.permissions.has(permission)) return;
  throw new MillraceError("forbidden", `${principal.id} lacks the permission ${permission}.`, {
    details: { principal: principal.id, permission },
  });
}
