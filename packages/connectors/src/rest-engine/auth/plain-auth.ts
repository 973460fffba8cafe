// Proofs that are values: a key anywhere in a request, a bearer token, a user and a password. Values are looked up for each request, so that a
// rotated secret is used at once, and never reach a message.
import { MillraceError, type TlsIdentity } from "@millrace/core";
import { partOf } from "../build-request.ts";
import type { Authenticator, EngineContext } from "../components.ts";
import { base64 } from "../redactor.ts";
import type { RequestOption } from "../request.ts";

/** Gives a value when it is needed. */
export type Lookup = (context: EngineContext) => Promise<string>;

const unfitForHeader = /[^\t\x20-\x7e\x80-\xff]/;

/** @throws MillraceError channel-invalid for a value that a header cannot carry */
export function fitForHeader(name: string, value: string): string {
  if (!unfitForHeader.test(value)) return value;
  throw new MillraceError(
    "channel-invalid",
    `The value of header "${name}" has characters that a header cannot carry.`,
    {
      hint: "Look for line ends or special characters in the secret or setting.",
    },
  );
}

/** The value, from here on taken out of every message. */
export async function secretly(context: EngineContext, lookup: Lookup): Promise<string> {
  const value = await lookup(context);
  context.redactor.add(value);
  return value;
}

export const noAuth: Authenticator = { parts: () => Promise.resolve({}) };

export function keyAuth(option: RequestOption, lookup: Lookup): Authenticator {
  const name = option.path.join(".");
  return {
    ...(option.into === "query" ? { credentialParams: [name] } : {}),
    async parts(context) {
      const value = await secretly(context, lookup);
      return partOf(option, option.into === "header" ? fitForHeader(name, value) : value);
    },
  };
}

export function bearerAuth(lookup: Lookup): Authenticator {
  return {
    parts: async (context) => ({
      headers: { authorization: `Bearer ${fitForHeader("authorization", await secretly(context, lookup))}` },
    }),
  };
}

export function basicAuth(user: Lookup, password: Lookup): Authenticator {
  return {
    async parts(context) {
      const pair = `${await user(context)}:${await password(context)}`;
      context.redactor.add(pair);
      return { headers: { authorization: `Basic ${base64(pair)}` } };
    },
  };
}

/** A certificate and its key prove the connection; `inner` proves the requests, where the upstream wants both. */
export function certificateAuth(
  identity: (context: EngineContext) => Promise<TlsIdentity>,
  inner: Authenticator = noAuth,
): Authenticator {
  return {
    ...inner,
    async identity(context) {
      const proof = await identity(context);
      for (const secret of [proof.key, proof.passphrase ?? ""]) context.redactor.add(secret);
      return proof;
    },
  };
}
