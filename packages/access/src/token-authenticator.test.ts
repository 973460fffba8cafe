// Who gets in with a token, and who does not.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMillraceError } from "@millrace/core";
import { authorize, createTokenAuthenticator, everyPermission, grantToken, type Principal } from "./index.ts";

const admin = "0123456789abcdef-admin";
const reader = "0123456789abcdef-reader";
const authenticator = createTokenAuthenticator([
  grantToken({ name: "admin", token: admin, permissions: everyPermission }),
  grantToken({ name: "reader", token: reader, permissions: ["data.read"] }),
]);

describe("token authenticator", () => {
  it("knows the owner of a token", () => {
    expect(authenticator.authenticate(`Bearer ${admin}`)?.id).toBe("token:admin");
    expect(authenticator.authenticate(`bearer ${reader}`)?.id).toBe("token:reader");
  });

  it("knows nobody else", () => {
    const wrong = [
      undefined,
      "",
      "Bearer",
      "Bearer ",
      admin,
      `Basic ${admin}`,
      `Bearer ${admin}x`,
      `Bearer ${admin.slice(1)}`,
    ];
    for (const header of wrong) expect(authenticator.authenticate(header)).toBeUndefined();
    expect(authenticator.authenticate(`Bearer ${"x".repeat(5000)}`)).toBeUndefined();
  });

  it("knows nobody from arbitrary headers", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => authenticator.authenticate(`Bearer ${text}`) === undefined),
    );
  });

  it("keeps no token in clear", () => {
    expect(JSON.stringify(grantToken({ name: "admin", token: admin, permissions: [] }))).not.toContain(admin);
  });

  it("refuses tokens that can be guessed", () => {
    expect(() => grantToken({ name: "admin", token: "short", permissions: [] })).toThrow(/shorter than 16/);
  });
});

describe("authorize", () => {
  const refusal = (principal: Principal | undefined): unknown => {
    try {
      authorize(principal, "platform.operate");
    } catch (error) {
      return isMillraceError(error) ? error.code : error;
    }
    return "allowed";
  };

  it("denies by default", () => {
    expect(refusal(undefined)).toBe("unauthorized");
    expect(refusal({ id: "token:none", permissions: new Set() })).toBe("forbidden");
    expect(refusal(authenticator.authenticate(`Bearer ${reader}`))).toBe("forbidden");
    expect(refusal(authenticator.authenticate(`Bearer ${admin}`))).toBe("allowed");
  });
});
